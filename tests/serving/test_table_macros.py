"""The table macros over marts filled by hand: what several cells become together."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pipelines.serving.table_macros import PUBLISHED, create_macros

CUTS = ", ".join(
    f"{name} VARCHAR"
    for name in ("organization_id", "source", "provider", "campaign_id", "external_campaign_id")
)
MARTS = f"""
CREATE SCHEMA marts;
CREATE TABLE marts.workflow_failures_activity (
  metric VARCHAR, {CUTS}, day DATE, population BIGINT, numerator BIGINT, denominator BIGINT, open BIGINT,
  excluded_cancelled BIGINT
);
CREATE TABLE marts.time_to_schedule (
  {CUTS}, day DATE, population BIGINT, denominator BIGINT, within_1_day BIGINT
);
CREATE TABLE marts.members (
  mart VARCHAR, {CUTS}, day DATE, bucket VARCHAR, value DOUBLE
);
INSERT INTO marts.workflow_failures_activity VALUES
  ('run_failure_rate', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-01', 3, 1, 2, 0, 1),
  ('run_failure_rate', 'o1', 's', 'p', 'c2', 'x2', DATE '2026-03-02', 98, 1, 98, 0, 0),
  ('run_failure_rate', 'o2', 's', 'p', NULL, NULL, DATE '2026-03-02', 4, 0, 0, 0, 4);
INSERT INTO marts.time_to_schedule VALUES
  ('o1', 's', 'p', 'c1', 'x1', DATE '2026-03-01', 2, 1, 1),
  ('o1', 's', 'p', 'c1', 'x1', DATE '2026-03-02', 3, 3, 3);
INSERT INTO marts.members VALUES
  ('time_to_schedule', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-01', 'denominator', 1000),
  ('time_to_schedule', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-01', 'open', NULL),
  ('time_to_schedule', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-02', 'denominator', 10),
  ('time_to_schedule', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-02', 'denominator', 20),
  ('time_to_schedule', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-02', 'denominator', 30),
  ('queue_time', 'o1', 's', 'p', 'c1', 'x1', DATE '2026-03-02', 'denominator', 7);
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        create_macros(opened, PUBLISHED)
        opened.execute(MARTS)
        yield opened


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found = con.execute(sql)
    return [dict(zip([c[0] for c in found.description or []], row, strict=True)) for row in found.fetchall()]


def test_a_rate_of_several_cells_is_that_of_their_parts(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows(con, "FROM workflow_failures(organization := 'o1')")
    parts = {"population": 101, "numerator": 2, "denominator": 100, "open": 0, "excluded_cancelled": 1}
    assert {name: row[name] for name in parts} == parts
    assert row["rate"] == pytest.approx(0.02)
    assert row["wilson_low"] == pytest.approx(0.005502, abs=1e-6)
    assert row["wilson_high"] == pytest.approx(0.070012, abs=1e-6)


def test_an_empty_denominator_has_no_rate_and_its_parts(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows(con, "FROM workflow_failures(organization := 'o2')")
    assert (row["population"], row["excluded_cancelled"]) == (4, 4)
    assert (row["rate"], row["wilson_low"], row["wilson_high"]) == (None, None, None)


def test_no_cell_is_no_row(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "FROM workflow_failures(organization := 'nobody')") == []


def test_a_median_of_several_days_is_that_of_all_members(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows(con, "FROM time_to_schedule()")
    assert (row["population"], row["denominator"], row["within_1_day"]) == (5, 4, 4)
    assert row["median_seconds"] == 25
    assert row["p90_seconds"] == pytest.approx(709)
    by_day = rows(con, "FROM time_to_schedule(by := 'day')")
    assert [(row["cut"], row["median_seconds"]) for row in by_day] == [
        ("2026-03-01", 1000),
        ("2026-03-02", 20),
    ]


@pytest.mark.parametrize("campaign", ["c2", "x2"])
def test_a_campaign_is_found_by_either_id(con: duckdb.DuckDBPyConnection, campaign: str) -> None:
    (row,) = rows(con, f"FROM workflow_failures(campaign := '{campaign}')")
    assert row["population"] == 98


def test_what_has_no_campaign_is_a_group_of_its_own(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "FROM workflow_failures(by := 'campaign')")
    assert {row["cut"]: row["population"] for row in found} == {"c1": 3, "c2": 98, None: 4}


def test_a_week_begins_on_monday(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "FROM workflow_failures(by := 'week')")
    assert {row["cut"]: row["population"] for row in found} == {"2026-02-23": 3, "2026-03-02": 102}


def test_arguments_may_be_parameters(con: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT cut, population FROM workflow_failures(by := $by, since := $since)"
    found = con.execute(sql, {"by": "month", "since": "2026-03-02"}).fetchall()
    assert found == [("2026-03", 102)]
