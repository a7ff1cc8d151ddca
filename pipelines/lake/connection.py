"""Opening the lake. Every `ATTACH` of the project is made here, so growing means changing this module."""

import importlib.util
import threading
from pathlib import Path

import duckdb

from pipelines.errors import Unavailable
from pipelines.lake.ducklake_internals import DATA_NAME, catalog_file
from pipelines.lake.format_version import refuse_newer
from pipelines.lake.sql import sql_literal
from pipelines.lake.transaction import is_full

EXTENSIONS = {"ducklake": "duckdb_extension_ducklake", "sqlite_scanner": "duckdb_extension_sqlite_scanner"}
CATALOG = "wh"

SLOW_OPTIMIZERS = "join_order,statistics_propagation"
"""Optimizers that ask the catalog for every column: 70 ms for each table without a row that a statement
reads, as those of a provider not in use (DuckLake 1.0). An audit of a small lake takes a third of the time.
`models/profiles.yml` says the same for dbt.
"""

_open_lock = threading.Lock()


def extension_file(name: str) -> Path | None:
    """The extension as its wheel ships it, None where the wheel is not installed."""
    spec = importlib.util.find_spec(EXTENSIONS[name])
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    return file if file.exists() else None


def attach_statement(
    warehouse: Path, *, read_only: bool = False, snapshot_id: int | None = None, alias: str = CATALOG
) -> str:
    """The `ATTACH` that opens the lake, or one snapshot of it, for any DuckDB with the two extensions.

    Rows are never inlined into the catalog: flushing them later hides them for a moment from readers that
    began before (seen with DuckLake 1.0, `tests/e2e/test_readers.py`). The catalog keeps the folder that it
    was made in; the one it stands in now goes before, so that a home can be moved.
    """
    options = f"DATA_PATH {sql_literal(f'{warehouse / DATA_NAME}/')}"
    options += ", META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 30000"
    options += ", DATA_INLINING_ROW_LIMIT 0, OVERRIDE_DATA_PATH true"
    if read_only:
        options += ", READ_ONLY"
    if snapshot_id is not None:
        options += f", SNAPSHOT_VERSION {snapshot_id}"
    return f"ATTACH {sql_literal(f'ducklake:sqlite:{catalog_file(warehouse)}')} AS {alias} ({options})"


def open_lake(warehouse: Path, *, read_only: bool = False, pinned: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own with the lake attached as `wh` and chosen.

    `pinned` is for reading one moment of the lake with several statements: each sees the snapshot of now, for
    as long as maintenance keeps it (an hour). A transaction that is held open instead may find tables empty
    when small files are merged meanwhile (DuckLake 1.0 over SQLite, `tests/warehouse/test_maintenance.py`).
    Raises `duckdb.Error` when there is no lake yet and it is opened for reading, `UsageError` when a later
    release wrote it, `Unavailable` when its disk is full, which hinders readers too.
    """
    read_only = read_only or pinned
    if not read_only:
        (warehouse / DATA_NAME).mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    try:
        load_extensions(con)
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET disabled_optimizers = '{SLOW_OPTIMIZERS}'")
        with _open_lock:
            con.execute(attach_statement(warehouse, read_only=read_only))
            if pinned:
                _pin(con, warehouse)
        con.execute(f"USE {CATALOG}")
        refuse_newer(con)
    except BaseException as error:
        con.close()
        if isinstance(error, duckdb.Error) and is_full(error):
            raise Unavailable("the lake cannot be opened: its disk is full, or fails; free space") from error
        raise
    return con


def _pin(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    ((newest,),) = con.execute("SELECT id FROM ducklake_current_snapshot(?)", [CATALOG]).fetchall()
    con.execute(f"DETACH {CATALOG}")
    con.execute(attach_statement(warehouse, read_only=True, snapshot_id=newest))


def load_extensions(con: duckdb.DuckDBPyConnection) -> None:
    """Load the two extensions from their wheels, or as DuckDB itself installed them."""
    for name in EXTENSIONS:
        file = extension_file(name)
        con.execute(f"LOAD {sql_literal(file)}" if file else f"LOAD {name}")
