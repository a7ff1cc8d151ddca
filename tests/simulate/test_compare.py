"""The comparison with the marts, on a real lake: silent when they agree, one line per cell that differs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.simulate.compare import differences
from pipelines.simulate.marts import MARTS
from pipelines.simulate.truth import TruthRow
from pipelines.warehouse.lake import open_lake

DAY = date(2026, 3, 2)
PASSES = TruthRow(
    "screening_pass_rate_activity", "pass_rate", "org_a", DAY, 9, 2, 5, 0,
    {"not_interested": 1, "opted_out": 1, "closed": 1, "completed_undecided": 1, "other_status": 0,
     "failed_to_start": 0},
)  # fmt: skip
RUNS = TruthRow("workflow_failures_cohort", "run_failure_rate", "org_b", DAY, 4, 1, 2, 1, {"cancelled": 1})


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A lake with the eight marts, empty."""
    con = open_lake(tmp_path)
    con.execute("CREATE SCHEMA wh.marts")
    for mart in MARTS:
        counts = ("population", "numerator", "denominator", "open", *(f"excluded_{n}" for n in mart.excluded))
        columns = ", ".join(f'"{name}" BIGINT' for name in counts)
        con.execute(
            f"CREATE TABLE wh.marts.{mart.name} "
            f"(metric VARCHAR, organization_id VARCHAR, campaign_id VARCHAR, day DATE, {columns})"
        )
    yield con
    con.close()


def fill(con: duckdb.DuckDBPyConnection, row: TruthRow, campaign: str = "c") -> None:
    values = [row.metric, row.organization_id, campaign, row.day]
    counts = [row.population, row.numerator, row.denominator, row.open, *row.excluded.values()]
    marks = ", ".join("?" * (len(values) + len(counts)))
    con.execute(f"INSERT INTO wh.marts.{row.mart} VALUES ({marks})", [*values, *counts])


def test_equal_marts_have_no_difference(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, PASSES)
    fill(lake, RUNS)
    assert differences(lake, [PASSES, RUNS]) == []


def test_campaigns_of_one_organization_and_day_are_summed(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, population=3, denominator=1, numerator=0), "one")
    fill(lake, replace(RUNS, population=1, denominator=1, open=0, excluded={"cancelled": 0}), "two")
    assert differences(lake, [RUNS]) == []


def test_every_wrong_number_of_a_cell_is_named(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(PASSES, numerator=3, excluded={**PASSES.excluded, "closed": 7}))
    (line,) = differences(lake, [PASSES])
    assert line == (
        "screening_pass_rate_activity pass_rate org_a 2026-03-02: "
        "numerator 3 instead of 2, excluded_closed 7 instead of 1"
    )


def test_a_null_is_a_difference(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, open=0))
    lake.execute("UPDATE wh.marts.workflow_failures_cohort SET open = NULL")
    (line,) = differences(lake, [replace(RUNS, open=0)])
    assert line.endswith("open None instead of 0")


def test_cells_missing_on_either_side_are_differences(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, PASSES)
    lines = differences(lake, [RUNS])
    assert [line.split(": ")[1] for line in lines] == [
        "not in the truth, the mart has population 9",
        "missing in the mart, truth has population 4",
    ]


def test_other_metrics_of_a_mart_are_left_alone(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, metric="stuck_rate"))
    assert differences(lake, []) == []


def test_a_mart_that_is_not_there_is_an_error(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("DROP TABLE wh.marts.workflow_failures_cohort")
    with pytest.raises(duckdb.Error, match="workflow_failures_cohort"):
        differences(lake, [])
