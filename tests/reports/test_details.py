"""What stands next to the four rates: equal to the marts, and honest where there is nothing."""

import datetime as dt
import json

import duckdb
import pytest

from pipelines.reports.glossary import meanings
from pipelines.reports.headline_metrics import QUESTIONS
from pipelines.reports.html_page import render
from pipelines.reports.json_report import report_as_json
from pipelines.reports.load_report import read_report
from pipelines.reports.report_data import ReportData
from pipelines.reports.secondary_metrics import FURTHER, Metric, further_of
from tests.support.report_lakes import AS_OF, TODAY, add_payment, add_question, add_source
from tests.support.report_pages import COUNTS, Page, numbers

WITHIN = "day BETWEEN '2026-10-23' AND '2026-11-21'"

each_metric = pytest.mark.parametrize("metric", FURTHER, ids=lambda metric: metric.metric)


@pytest.fixture(scope="module")
def page(data: ReportData) -> Page:
    return Page(render(data))


def page_of(con: duckdb.DuckDBPyConnection) -> Page:
    return Page(render(read_report(con, AS_OF, "UTC")))


def one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    (row,) = con.execute(sql).fetchall()
    return tuple(row)


@each_metric
def test_a_further_rate_is_the_marts(lake: duckdb.DuckDBPyConnection, page: Page, metric: Metric) -> None:
    (row,) = (
        r for r in page.question(metric.question).having("data-further") if r["data-further"] == metric.metric
    )
    counts = ", ".join(f"sum({name})::BIGINT" for name in COUNTS)
    where = f"metric = '{metric.metric}' AND {WITHIN}"
    expected = one(lake, f"SELECT {counts} FROM wh.marts.{metric.mart} WHERE {where}")
    assert tuple(numbers(row).values()) == tuple(value or 0 for value in expected)


def test_every_metric_of_the_marts_is_on_the_page(lake: duckdb.DuckDBPyConnection) -> None:
    shown = {(each.mart, each.metric) for each in (*QUESTIONS, *FURTHER)}
    for mart in ("scheduling_success", "screening_pass_rate", "nudge_exhaustion", "workflow_failures"):
        rows = lake.execute(f"SELECT DISTINCT metric FROM wh.marts.{mart}_cohort").fetchall()
        for (metric,) in rows:
            assert {(f"{mart}_cohort", metric), (f"{mart}_activity", metric)} & shown, metric


def test_bands_add_up_to_what_was_measured(
    lake: duckdb.DuckDBPyConnection, data: ReportData, page: Page
) -> None:
    found = data.details.time_to_schedule
    (shown,) = (d for d in page.having("data-duration") if d["data-duration"] == "time_to_schedule")
    assert int(shown["data-measured"]) == sum(found.bands.values()) == found.cases.measured > 0
    population = one(lake, f"SELECT sum(population)::BIGINT FROM wh.marts.time_to_schedule WHERE {WITHIN}")
    assert (found.cases.population,) == population


def test_a_median_is_that_of_all_cases(lake: duckdb.DuckDBPyConnection, data: ReportData) -> None:
    for mart, found in (
        ("time_to_schedule", data.details.time_to_schedule),
        ("queue_time", data.details.queue_time),
    ):
        rows = lake.execute(
            f"SELECT value FROM wh.marts.members WHERE mart = '{mart}' AND value IS NOT NULL AND {WITHIN}"
        ).fetchall()
        values = [value for (value,) in rows]
        assert len(values) == found.cases.measured
        assert found.median_seconds is not None
        below = sum(value <= found.median_seconds for value in values)
        assert below * 2 in range(len(values), len(values) + 2)


@pytest.mark.parametrize(
    "listed",
    [
        ("question_pass_rate", "screening_question", "questions"),
        ("requirement_met_rate", "requirement", "requirements"),
        ("contact_resolution", "workflow_id", "contacts"),
    ],
    ids=lambda listed: listed[0],
)
def test_lists_add_up_to_the_mart(
    lake: duckdb.DuckDBPyConnection, data: ReportData, page: Page, listed: tuple[str, str, str]
) -> None:
    mart, key, name = listed
    rows = [numbers(row) for row in page.rows(name)]
    expected = one(
        lake,
        "SELECT sum(population)::BIGINT, sum(numerator)::BIGINT, sum(denominator)::BIGINT "
        f"FROM wh.marts.{mart} WHERE {WITHIN}",
    )
    summed = tuple(sum(row[n] for row in rows) for n in ("population", "numerator", "denominator"))
    assert summed == expected
    labels = {line.label for line in getattr(data.details, name)}
    found = lake.execute(f"SELECT DISTINCT {key} FROM wh.marts.{mart} WHERE {WITHIN}").fetchall()
    assert labels == {label for (label,) in found}


def test_the_rest_is_the_marts(lake: duckdb.DuckDBPyConnection, page: Page) -> None:
    for attribute, sql in {
        "data-nudges": f"SELECT sum(sequences) FROM wh.marts.nudges_sent WHERE {WITHIN}",
        "data-missing": f"SELECT sum(count) FROM wh.marts.implied_missing WHERE {WITHIN}",
    }.items():
        assert sum(int(found["data-count"]) for found in page.having(attribute)) == one(lake, sql)[0]
    reviews = page.having("data-reason")
    asked, followed = one(
        lake, f"SELECT sum(reviews)::BIGINT, sum(followed)::BIGINT FROM wh.marts.needs_review WHERE {WITHIN}"
    )
    assert sum(int(found["data-reviews"]) for found in reviews) == asked
    assert sum(int(found["data-followed"]) for found in reviews) == followed
    stuck = sum(int(found["data-stuck"]) for found in page.having("data-stuck"))
    assert (stuck,) == one(lake, "SELECT sum(open_stuck)::BIGINT FROM wh.marts.workflow_failures_cohort")


def test_failing_steps_are_the_failed_runs(data: ReportData) -> None:
    (failures,) = (a for a in data.answers if a.question.key == "workflow_failures")
    failed = sum(node.failed_runs for node in data.details.failing_nodes)
    assert failed == failures.parts.numerator


def test_scores_are_counted_and_averaged_as_in_the_mart(
    lake: duckdb.DuckDBPyConnection, data: ReportData
) -> None:
    for group in data.details.scores:
        assert sum(group.bands.values()) == group.cases.measured
    scored = one(lake, f"SELECT sum(scored)::BIGINT FROM wh.marts.cv_analyses WHERE {WITHIN}")
    assert data.details.scores[-1].group == "cv_analysis"
    assert (data.details.scores[-1].cases.measured,) == scored


def test_no_denominator_is_a_dash_with_its_parts(marts: duckdb.DuckDBPyConnection) -> None:
    add_question(marts, "Can you work nights?", 0, 0, not_completed=4)
    marts.execute(
        "INSERT INTO wh.marts.scheduling_success_cohort (metric, day, population, excluded_not_reported) "
        "VALUES ('no_show_rate', ?, 7, 7)",
        [TODAY],
    )
    page = page_of(marts)
    assert page.having("data-rate") == []
    assert "0.0\u00a0%" not in page.text
    assert "7 left out: sender does not report no-shows" in page.text
    assert "In all 0 of 0; 4 left out: not completed." in page.text


def test_an_empty_lake_has_dashes_and_every_word(marts: duckdb.DuckDBPyConnection) -> None:
    page = page_of(marts)
    assert len(page.having("data-further")) == len(FURTHER)
    assert {d["data-median"] for d in page.having("data-duration")} == {"None"}
    for chapter in meanings():
        for meaning in chapter.meanings:
            assert meaning.says in page.text


def test_the_worst_question_with_enough_answers_is_first(marts: duckdb.DuckDBPyConnection) -> None:
    add_question(marts, "few", 0, 3)
    add_question(marts, "good", 90, 100)
    add_question(marts, "bad", 40, 100)
    add_question(marts, "none", 0, 0, not_completed=2)
    data = read_report(marts, AS_OF, "UTC")
    assert [line.label for line in data.details.questions] == ["bad", "good", "few", "none"]
    assert "0.0\u00a0% to 56.1\u00a0%" in " ".join(Page(render(data)).text.split(" "))


def test_a_further_rate_is_compared_with_the_period_before(marts: duckdb.DuckDBPyConnection) -> None:
    for day, numerator in ((TODAY, 10), (TODAY - dt.timedelta(days=30), 90)):
        marts.execute(
            "INSERT INTO wh.marts.scheduling_success_cohort (metric, day, population, numerator, "
            "denominator) VALUES ('cancellation_rate', ?, 100, ?, 100)",
            [day, numerator],
        )
    page = page_of(marts)
    assert "▼ −80.0" in page.text
    assert "then 90.0\u00a0% (90 of 100)" in page.text


def test_amounts_of_two_currencies_are_two_lines(marts: duckdb.DuckDBPyConnection) -> None:
    for currency, amount in (("EUR", 1480.5), ("USD", 24_900.0), (None, None)):
        add_payment(marts, "orufy", "DONE", currency, amount)
    page = page_of(marts)
    assert [row["data-currency"] for row in page.having("data-payments")] == ["EUR", "USD", ""]
    assert "1\u202f480.50" in page.text
    assert "24\u202f900" in page.text


def test_a_silent_source_is_said(marts: duckdb.DuckDBPyConnection) -> None:
    add_source(marts, "talks", "popp", silence_seconds=60, gap_seconds=60)
    add_source(marts, "silent", "popp", silence_seconds=7200, gap_seconds=60)
    add_source(marts, "new", "popp", silence_seconds=7200)
    page = page_of(marts)
    assert [found["data-silent"] for found in page.having("data-silent")] == ["silent"]
    assert "for 2\u00a0h; 99 of 100 pauses were at most 60\u00a0s" in page.text


def test_json_has_all_of_it(data: ReportData) -> None:
    said = json.loads(json.dumps(report_as_json(data), allow_nan=False))["details"]
    assert [found["metric"] for found in said["further"]] == [metric.metric for metric in FURTHER]
    first, found = said["further"][0], data.details.further[0]
    assert (first["numerator"], first["denominator"]) == (found.parts.numerator, found.parts.denominator)
    assert first["before"]["denominator"] == found.before.denominator
    assert said["time_to_schedule"]["cases"]["population"] == data.details.time_to_schedule.cases.population
    assert len(said["questions"]) == len(data.details.questions)
    assert said["questions"][0]["parts"]["rate"] == data.details.questions[0].parts.rate


def test_every_question_but_the_runs_has_more_to_it() -> None:
    assert {q.key: len(further_of(q.key)) for q in QUESTIONS} == {
        "scheduling_success": 8,
        "screening_pass_rate": 5,
        "nudge_exhaustion": 2,
        "workflow_failures": 0,
    }
