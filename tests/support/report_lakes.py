"""Lakes to report on: one that a simulation went through, and one of marts filled by hand."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from pipelines.decode.decoded_batch import decode_batch
from pipelines.load.loader import Loader
from pipelines.settings import Settings
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.transform.builder import ModelBuilder
from tests.support.lakes import modelled_lake
from tests.support.simulated_records import ORGANIZATIONS, records
from tests.support.templates import copy_of

AS_OF = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
TODAY = AS_OF.date()
SOURCE = "popp"
JOURNEYS = 150


@cache
def simulated_lake(home: Path) -> tuple[Settings, Simulation]:
    """A lake in `home` that every delivery of a small simulation was loaded into, with its models built."""
    simulation = simulate(7, JOURNEYS, AS_OF)

    def build(template: Path) -> None:
        settings = Settings(home=template)
        con = modelled_lake(settings)
        _loader(con).load(decode_batch(records(simulation.deliveries, AS_OF)))
        con.close()
        built = ModelBuilder(settings).build()
        assert not built.failures, built.failures
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    copy_of("simulated", home, build)
    return Settings(home=home), simulation


def _loader(con: duckdb.DuckDBPyConnection) -> Loader:
    return Loader(
        con,
        {},
        holder="test",
        organizations=ORGANIZATIONS,
        rejects=None,
        clock=lambda: AS_OF,
    )


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of a table of the lake."""

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]


def shapes_of(con: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """What a report and the notebook read, in the shape that the models gave it."""
    found = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'wh' UNION ALL "
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'wh' ORDER BY ALL"
    ).fetchall()
    return tuple(
        Table(
            schema,
            name,
            tuple((row[0], row[1]) for row in con.execute(f"DESCRIBE wh.{schema}.{name}").fetchall()),
        )
        for schema, name in found
        if schema == "marts" or (schema, name) in _ENTITIES
    )


_ENTITIES = {("entities", "conversations"), ("entities", "reviews")}


def hand_made_marts(shapes: Iterable[Table]) -> duckdb.DuckDBPyConnection:
    """Marts without rows and without a lake behind them, as tables to insert into."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS wh; SET TimeZone = 'UTC'")
    create_marts(con, shapes)
    return con


def create_marts(con: duckdb.DuckDBPyConnection, shapes: Iterable[Table]) -> None:
    """Tables without rows, in these shapes; a count that is not given is 0."""
    con.execute("CREATE SCHEMA IF NOT EXISTS wh.marts; CREATE SCHEMA IF NOT EXISTS wh.entities")
    for table in shapes:
        columns = (
            f'"{name}" {kind}{" DEFAULT 0" if kind == "BIGINT" else ""}' for name, kind in table.columns
        )
        con.execute(f"CREATE TABLE wh.{table.schema}.{table.name} ({', '.join(columns)})")


def add_passes(
    con: duckdb.DuckDBPyConnection,
    numerator: int,
    denominator: int,
    *,
    day: dt.date = TODAY,
    organization: str | None = "o-1",
    campaign: str | None = "c-1",
) -> None:
    """One cell of screening decisions."""
    con.execute(
        "INSERT INTO wh.marts.screening_pass_rate_activity (metric, organization_id, campaign_id, day, "
        "population, numerator, denominator) VALUES ('pass_rate', ?, ?, ?, ?, ?, ?)",
        [organization, campaign, day, denominator, numerator, denominator],
    )


def add_question(
    con: duckdb.DuckDBPyConnection, text: str, numerator: int, denominator: int, *, not_completed: int = 0
) -> None:
    """One cell of answers to a question."""
    con.execute(
        "INSERT INTO wh.marts.question_pass_rate (organization_id, day, screening_question, population, "
        "numerator, denominator, excluded_not_completed) VALUES ('o-1', ?, ?, ?, ?, ?, ?)",
        [TODAY, text, denominator + not_completed, numerator, denominator, not_completed],
    )


def add_payment(
    con: duckdb.DuckDBPyConnection,
    provider: str,
    status: str,
    currency: str | None,
    amount: float | None = None,
) -> None:
    """One cell of payments, with three of them."""
    con.execute(
        "INSERT INTO wh.marts.payment_totals (provider, day, status, currency_code, payments, amount_sum) "
        "VALUES (?, ?, ?, ?, 3, ?)",
        [provider, TODAY, status, currency, amount],
    )


def add_source(
    con: duckdb.DuckDBPyConnection,
    source: str,
    provider: str,
    *,
    deliveries: int = 4,
    silence_seconds: int = 0,
    gap_seconds: float | None = None,
) -> None:
    """A sender of three loaded deliveries and a duplicate."""
    con.execute(
        "INSERT INTO wh.marts.source_health (source, provider, last_received_at, deliveries, "
        "loaded, duplicates, quarantined, gap_p99_seconds, error_share) VALUES (?, ?, ?, ?, 3, 1, 0, ?, 0)",
        [source, provider, AS_OF - dt.timedelta(seconds=silence_seconds), deliveries, gap_seconds],
    )
