"""`hirestream export`: Parquet files with a manifest, readable without hirestream."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.errors import Unavailable
from pipelines.host.checksummed_folder import WrittenFile, checksum_file, create_empty_folder, write_manifest
from pipelines.lake.format_version import lake_version, this_release
from pipelines.lake.offsets import snapshot_id
from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.parquet_export import ExportedTable, export_tables
from pipelines.settings import Settings

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Export:
    """Manifest of an export made at `made_at`; it has everything that was loaded until `loaded_until`."""

    format: int
    release: str
    lake_version: int
    made_at: datetime
    snapshot_id: int
    loaded_until: datetime | None
    personal: bool
    tables: tuple[ExportedTable, ...]
    files: tuple[WrittenFile, ...]


def run_export(settings: Settings, folder: Path, *, personal: bool, now: datetime) -> Export:
    """Export all tables at one snapshot into a new or empty folder; the manifest is written last.

    Columns about persons are included only when `personal` is true. Raises `UsageError` when the folder is
    not usable, `Unavailable` without a lake or when a file cannot be written.
    """
    with open_for_reading(settings) as con:
        create_empty_folder(folder, private=personal)
        try:
            tables = tuple(export_tables(con, folder, personal=personal))
            files = tuple(checksum_file(folder, table.file) for table in tables)
            version, snapshot, until = lake_version(con)[0], snapshot_id(con), _newest_load_time(con)
            made = Export(FORMAT, this_release(), version, now, snapshot, until, personal, tables, files)
            write_manifest(folder, made)
        except (duckdb.Error, OSError) as error:
            first = str(error).splitlines()[0]
            raise Unavailable(f"the export in {folder} is not complete: {first}; delete it") from error
    return made


def render(made: Export, folder: Path) -> str:
    """Describe an export in one line: tables, rows, size, and whether personal columns were left out."""
    rows = sum(table.rows for table in made.tables)
    left_out = sum(len(table.left_out) for table in made.tables)
    size = sum(file.size_bytes for file in made.files)
    about = f"{left_out} personal columns left out, see --personal" if left_out else "personal columns too"
    return f"{folder}: {len(made.tables)} tables, {rows} rows, {size / 1e6:.1f} MB; {about}"


def _newest_load_time(con: duckdb.DuckDBPyConnection) -> datetime | None:
    ((found,),) = con.execute("SELECT max(loaded_at) FROM wh.ledger.batches").fetchall()
    return found if isinstance(found, datetime) else None
