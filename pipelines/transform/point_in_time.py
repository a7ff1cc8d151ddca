"""Build of entities and marts as of an earlier time into a DuckDB file; the lake is only read."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines.errors import HirestreamError, UsageError
from pipelines.lake.catalog import relations
from pipelines.lake.connection import open_lake
from pipelines.lake.sql import sql_literal
from pipelines.serving.published_file import copy_relation
from pipelines.serving.table_macros import PUBLISHED, create_macros
from pipelines.settings import Settings
from pipelines.transform.builder import dbt_arguments, dbt_lock
from pipelines.transform.dbt_manifest import model_variables, parsed_manifest
from receiver.atomic_files import put_in_place

_BUILT = "built"
"""Name of the database in which dbt builds, as in the target `plain` of `models/profiles.yml`."""


def build_as_of(settings: Settings, as_of: datetime, file: Path, *, now: str | None = None) -> None:
    """Build the models from everything that was loaded by `as_of`, and write them to a new `file` atomically.

    `now` is the current time that the marts use, by default `as_of`. Raises `UsageError` when the folder of
    the file does not exist or cannot be written, `HirestreamError` when a model fails.
    """
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}")
    with _scratch_folder(file) as folder:
        _run_models(settings, as_of, now or as_of.isoformat(), folder)
        new = folder / "new.duckdb"
        _copy_tables(settings, folder / f"{_BUILT}.duckdb", new)
        put_in_place(new, file)


@contextmanager
def _scratch_folder(file: Path) -> Iterator[Path]:
    """Create a temporary folder next to `file`, which only its owner can read, and delete it afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
    except OSError as error:
        raise UsageError(f"{file.parent} cannot be written: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_models(settings: Settings, as_of: datetime, now: str, folder: Path) -> None:
    variables = {
        **model_variables(settings),
        "now": now,
        "as_of": as_of.isoformat(),
        "plain_file": str(folder / f"{_BUILT}.duckdb"),
    }
    with dbt_lock():
        arguments = dbt_arguments(folder, variables, target="plain")
        manifest = parsed_manifest(arguments, variables, target="plain")
        result = dbtRunner(manifest=manifest).invoke(["run", *arguments])
        manager: Any = DuckDBConnectionManager  # without types
        manager.close_all_connections()  # dbt would keep the file open
    if not result.success:
        runs: Any = getattr(result.result, "results", ())
        failed = ", ".join(run.node.name for run in runs if run.status == "error")
        raise HirestreamError(f"the models cannot be built as of then: {result.exception or failed}")


def _copy_tables(settings: Settings, built: Path, new: Path) -> None:
    """Copy entities and marts into the file `new` as tables; dbt built some as views over the lake."""
    with open_lake(settings.warehouse, pinned=True) as con:
        con.execute(f"ATTACH {sql_literal(built)} AS {_BUILT} (READ_ONLY)")
        con.execute(f"ATTACH {sql_literal(new)} AS edition")
        for schema in ("entities", "marts"):
            for name in relations(con, schema, of=_BUILT):
                copy_relation(con, name, of=_BUILT, personal=settings.publish.personal)
        con.execute("USE edition")
        create_macros(con, PUBLISHED)
        con.execute("USE wh")
        con.execute("DETACH edition")
