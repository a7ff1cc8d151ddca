"""Lakes without a row, copied from a template: with every table, or with every model too."""

from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from tests.support.templates import copy_of


def empty_lake(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """A connection for writing to a lake with every table and no row, in the folder `warehouse`."""
    copy_of("empty", warehouse, _create)
    return open_lake(warehouse)


def modelled_lake(settings: Settings, now: str | None = None) -> duckdb.DuckDBPyConnection:
    """The same in the home of these settings, with the models built as of `now` and these settings."""
    hours, zone = settings.models.conversation_timeout_hours, settings.report.time_zone
    name = f"modelled-{now}-{hours}-{zone}".replace("/", "-").replace(":", "")

    def build(home: Path) -> None:
        own = Settings.model_validate(
            {"home": home, "models": {"conversation_timeout_hours": hours}, "report": {"time_zone": zone}}
        )
        empty_lake(own.warehouse).close()
        built = ModelBuilder(own, now=now).build()
        assert not built.failures, built.failures
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    copy_of(name, settings.home, build)
    return open_lake(settings.warehouse)


def _create(warehouse: Path) -> None:
    with open_lake(warehouse) as con:
        create_tables(con)
