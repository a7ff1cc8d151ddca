"""Lakes to report on: one that a simulation went through, and one of marts filled by hand."""

import datetime as dt
from functools import cache
from pathlib import Path

import duckdb

from pipelines.flatten.batch import decode_batch
from pipelines.settings import Settings
from pipelines.simulate.journeys import Simulation, simulate
from pipelines.transform.build import ModelBuilder
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.load import Loader
from pipelines.warehouse.tables import create_tables
from tests.simulate.records import ORGANIZATIONS, records

AS_OF = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
TODAY = AS_OF.date()
SOURCE = "popp"
JOURNEYS = 150


@cache
def simulated_lake(home: Path) -> tuple[Settings, Simulation]:
    """A lake in `home` that every delivery of a small simulation was loaded into, with its models built."""
    settings = Settings(home=home)
    simulation = simulate(7, JOURNEYS, AS_OF)
    con = empty_lake(home)
    _loader(con).load(decode_batch(records(simulation.deliveries, AS_OF)))
    con.close()
    build = ModelBuilder(settings).build()
    assert not build.failures, build.failures
    return settings, simulation


def empty_lake(home: Path) -> duckdb.DuckDBPyConnection:
    """A new lake with every table and no row, open for writing."""
    con = open_lake(Settings(home=home).warehouse)
    create_tables(con)
    return con


def _loader(con: duckdb.DuckDBPyConnection) -> Loader:
    return Loader(
        con,
        {},
        holder="test",
        organizations=ORGANIZATIONS,
        rejects=None,
        clock=lambda: AS_OF,
    )


_EXCLUDED = {
    "scheduling_success_cohort": ("no_signal",),
    "screening_pass_rate_activity": (
        "not_interested",
        "opted_out",
        "closed",
        "completed_undecided",
        "other_status",
        "failed_to_start",
    ),
    "nudge_exhaustion_cohort": ("not_started", "failed_to_start", "interviewer"),
    "workflow_failures_activity": ("cancelled",),
}
_OTHER_MARTS = """
CREATE TABLE wh.marts.data_quality (kind VARCHAR, entity VARCHAR, organization_id VARCHAR, count BIGINT);
CREATE TABLE wh.marts.source_health (
  source VARCHAR, provider VARCHAR, last_received_at TIMESTAMPTZ, silence_seconds DOUBLE, deliveries BIGINT,
  loaded BIGINT, duplicates BIGINT, quarantined BIGINT, delivery_latency_p50_seconds DOUBLE,
  delivery_latency_p95_seconds DOUBLE
);
CREATE TABLE wh.marts.freshness ("table" VARCHAR, newest_loaded_at TIMESTAMPTZ, rows BIGINT);
CREATE TABLE wh.marts.funnel (
  organization_id VARCHAR, provider VARCHAR, day DATE, started BIGINT, decided BIGINT, passed BIGINT,
  booked BIGINT, held BIGINT
);
CREATE TABLE wh.marts.members (
  mart VARCHAR, organization_id VARCHAR, campaign_id VARCHAR, day DATE, bucket VARCHAR
);
"""


def hand_made_marts() -> duckdb.DuckDBPyConnection:
    """Marts without rows and without a lake behind them, as tables to insert into."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS wh; CREATE SCHEMA wh.marts; SET TimeZone = 'UTC'")
    create_marts(con)
    return con


def create_marts(con: duckdb.DuckDBPyConnection) -> None:
    """The marts that a report or the notebook reads, as tables without rows."""
    for mart, reasons in _EXCLUDED.items():
        counts = ["population", "numerator", "denominator", "open", *(f"excluded_{name}" for name in reasons)]
        columns = ", ".join(f"{name} BIGINT DEFAULT 0" for name in counts)
        con.execute(
            f"CREATE TABLE wh.marts.{mart} (metric VARCHAR, organization_id VARCHAR, campaign_id VARCHAR, "
            f"external_campaign_id VARCHAR, day DATE, {columns})"
        )
    con.execute(_OTHER_MARTS)


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
