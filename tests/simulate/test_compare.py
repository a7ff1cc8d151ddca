"""The comparison with the marts, on a real lake: silent when they agree, one line per cell that differs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.lake.connection import open_lake
from pipelines.simulate.compare.marts import compare, differences
from pipelines.simulate.truth.cells import TruthRow, Value
from pipelines.simulate.truth.mart_definitions import CUTS, MARTS, Mart

DAY = date(2026, 3, 2)
WHERE: dict[str, Value] = dict(zip(CUTS, ("org_a", "popp", "popp", "camp_1", None), strict=True))
BY_NAME = {mart.name: mart for mart in MARTS}


def row_of(mart: Mart, keys: dict[str, Value], **counts: int) -> TruthRow:
    figures = dict.fromkeys(mart.figures)
    return TruthRow(mart.name, keys, DAY, {name: counts.get(name, 0) for name in mart.counts}, {**figures})


RUNS = row_of(
    BY_NAME["workflow_failures_cohort"], {"metric": "run_failure_rate", **WHERE},
    population=4, numerator=1, denominator=2, open=1, excluded_cancelled=1, open_stuck=1,
)  # fmt: skip
QUEUED = replace(
    row_of(BY_NAME["queue_time"], WHERE, population=2, denominator=2),
    figures={"median_seconds": 90.0, "p90_seconds": 90.5},
)


def kind_of(mart: Mart, name: str) -> str:
    if name in mart.counts:
        return "BIGINT"
    return "DATE" if name == "day" else "DOUBLE" if name in mart.figures else "VARCHAR"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A lake with every mart, empty."""
    con = open_lake(tmp_path)
    con.execute("CREATE SCHEMA wh.marts")
    for mart in MARTS:
        names = (*mart.keys, "day", *mart.counts, *mart.figures)
        columns = ", ".join(f"{name} {kind_of(mart, name)}" for name in names)
        con.execute(f"CREATE TABLE wh.marts.{mart.name} ({columns})")
    yield con
    con.close()


def fill(con: duckdb.DuckDBPyConnection, row: TruthRow) -> None:
    values = {**row.keys, "day": row.day, **row.counts, **row.figures}
    marks = ", ".join("?" * len(values))
    con.execute(f"INSERT INTO wh.marts.{row.mart} ({', '.join(values)}) VALUES ({marks})", [*values.values()])


def test_equal_marts_have_no_difference(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, QUEUED)
    fill(lake, RUNS)
    assert differences(lake, [QUEUED, RUNS]) == []
    totals = [(each.metric, each.cells, each.truth_total, each.mart_total) for each in compare(lake, [RUNS])]
    assert totals == [("run_failure_rate", 1, 4, 4), ("queue_time", 1, 0, 2)]


def test_every_wrong_number_of_a_cell_is_named(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, counts={**RUNS.counts, "numerator": 2, "excluded_cancelled": 7}))
    (line,) = differences(lake, [RUNS])
    assert line == (
        "workflow_failures_cohort run_failure_rate org_a popp popp camp_1 2026-03-02: "
        "numerator 2 instead of 1, excluded_cancelled 7 instead of 1"
    )


def test_a_null_is_a_difference(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, RUNS)
    fill(lake, QUEUED)
    lake.execute("UPDATE wh.marts.workflow_failures_cohort SET open = NULL")
    lake.execute("UPDATE wh.marts.queue_time SET p90_seconds = NULL")
    runs, queued = differences(lake, [RUNS, QUEUED])
    assert runs.endswith("open None instead of 1")
    assert queued.endswith("p90_seconds None instead of 90.5")


@pytest.mark.parametrize(("found", "count"), [(90.00001, 0), (90.001, 1)])
def test_a_figure_may_differ_by_a_millionth(
    lake: duckdb.DuckDBPyConnection, found: float, count: int
) -> None:
    fill(lake, replace(QUEUED, figures={**QUEUED.figures, "median_seconds": found}))
    assert len(differences(lake, [QUEUED])) == count


def test_cells_missing_on_either_side_are_differences(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, QUEUED)
    lines = differences(lake, [RUNS])
    assert [line.split(": ")[1] for line in lines] == [
        "missing in the mart, truth has population 4",
        "not in the truth, the mart has population 2",
    ]


def test_another_campaign_or_source_is_another_cell(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, keys={**RUNS.keys, "campaign_id": "camp_2"}))
    assert len(differences(lake, [RUNS])) == 2


def test_a_cell_that_comes_twice_is_an_error(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, RUNS)
    fill(lake, RUNS)
    with pytest.raises(duckdb.Error, match="two rows"):
        differences(lake, [RUNS])


def test_what_depends_on_the_time_of_asking_is_compared_only_on_demand(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    held = row_of(BY_NAME["scheduling_success_cohort"], {"metric": "no_show_rate", **WHERE}, population=1)
    fill(lake, replace(RUNS, counts={**RUNS.counts, "open_stuck": 0}))
    fill(lake, held)
    assert differences(lake, [RUNS]) == []
    assert [len(each.differing) for each in compare(lake, [RUNS])] == [1, 1]


def test_a_metric_that_the_truth_does_not_know_is_a_difference(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, replace(RUNS, keys={**RUNS.keys, "metric": "new_rate"}))
    assert len(differences(lake, [])) == 1


def test_a_mart_that_is_not_there_is_an_error(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("DROP TABLE wh.marts.workflow_failures_cohort")
    with pytest.raises(duckdb.Error, match="workflow_failures_cohort"):
        differences(lake, [])
