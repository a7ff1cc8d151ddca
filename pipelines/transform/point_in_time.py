"""Entities and marts as of an earlier time, in a plain DuckDB file: the same models, a lake only read."""

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
from pipelines.transform.builder import dbt_arguments, one_dbt
from pipelines.transform.dbt_manifest import model_variables, parsed_manifest
from receiver.atomic_files import put_in_place

_BUILT = "built"
"""The database in which dbt builds; the target `plain` of `models/profiles.yml` calls it so."""


def build_as_of(settings: Settings, as_of: datetime, file: Path, *, now: str | None = None) -> None:
    """Build the models over everything that was loaded by `as_of` into a new `file`; `now` is that time too.

    The file is whole or not there. Raises `UsageError` where its folder does not exist, `HirestreamError`
    when a model fails.
    """
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}")
    with _scratch(file) as folder:
        _build(settings, as_of, now or as_of.isoformat(), folder)
        new = folder / "new.duckdb"
        _copy(settings, folder / f"{_BUILT}.duckdb", new)
        put_in_place(new, file)


@contextmanager
def _scratch(file: Path) -> Iterator[Path]:
    """A folder on the same disk, which only its owner can read."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
    except OSError as error:
        raise UsageError(f"{file.parent} cannot be written: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(settings: Settings, as_of: datetime, now: str, folder: Path) -> None:
    variables = {
        **model_variables(settings),
        "now": now,
        "as_of": as_of.isoformat(),
        "plain_file": str(folder / f"{_BUILT}.duckdb"),
    }
    with one_dbt():
        arguments = dbt_arguments(folder, variables, target="plain")
        manifest = parsed_manifest(arguments, variables, target="plain")
        result = dbtRunner(manifest=manifest).invoke(["run", *arguments])
        manager: Any = DuckDBConnectionManager  # without types
        manager.close_all_connections()  # dbt would keep the file open
    if not result.success:
        runs: Any = getattr(result.result, "results", ())
        failed = ", ".join(run.node.name for run in runs if run.status == "error")
        raise HirestreamError(f"the models cannot be built as of then: {result.exception or failed}")


def _copy(settings: Settings, built: Path, new: Path) -> None:
    """Tables of what dbt left as views over the lake and over tables."""
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
