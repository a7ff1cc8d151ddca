"""The numbers of the report are those of the marts, and those are what the simulation did."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from pipelines.reports.headline_metrics import QUESTIONS, HeadlineMetric
from pipelines.reports.headline_numbers import headlines
from pipelines.reports.html_page import render
from pipelines.reports.json_report import report_as_json
from pipelines.reports.report_data import ReportData
from pipelines.reports.write_report import write_report
from pipelines.settings import Settings
from pipelines.simulate.simulation import Simulation
from tests.support.report_lakes import AS_OF
from tests.support.report_pages import COUNTS, Page, numbers

Simulated = tuple[Settings, Simulation]
FIRST, LAST = dt.date(2026, 10, 23), dt.date(2026, 11, 21)
WITHIN = f"day BETWEEN '{FIRST}' AND '{LAST}'"

each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)


@pytest.fixture(scope="module")
def page(data: ReportData) -> Page:
    return Page(render(data))


def sums(
    con: duckdb.DuckDBPyConnection, question: HeadlineMetric, where: str = "true", column: str | None = None
) -> dict[object, dict[str, int]]:
    """The mart summed by SQL of its own, for each value of a column."""
    by = column or "1"
    counts = ", ".join(f"sum({name})::BIGINT" for name in COUNTS)
    rows = con.execute(
        f"SELECT {by}, {counts} FROM wh.marts.{question.mart} WHERE metric = '{question.metric}' AND {where} "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {key: dict(zip(COUNTS, rest, strict=True)) for key, *rest in rows}


def test_headlines_are_what_the_simulation_did(lake: duckdb.DuckDBPyConnection, simulated: Simulated) -> None:
    truth = simulated[1].truth
    for question, headline in zip(QUESTIONS, headlines(lake), strict=True):
        total: Counter[str] = Counter()
        for row in truth:
            if row.mart == question.mart and row.keys["metric"] == question.metric:
                total.update(row.counts)
        assert headline.question == question.key
        assert headline.numerator == total["numerator"]
        assert headline.denominator == total["denominator"] > 0
        assert headline.open == total["open"]
        assert headline.excluded == {
            name.removeprefix("excluded_"): count
            for name, count in total.items()
            if name.startswith("excluded_")
        }
        assert headline.rate == headline.numerator / headline.denominator


@each_question
def test_the_pages_headline_is_the_marts(
    lake: duckdb.DuckDBPyConnection, page: Page, question: HeadlineMetric
) -> None:
    (section,) = page.question(question.key).having("data-question")
    assert (section["data-mart"], section["data-metric"]) == (question.mart, question.metric)
    (expected,) = sums(lake, question, WITHIN).values()
    assert numbers(section) == expected
    assert float(section["data-rate"]) == expected["numerator"] / expected["denominator"]


@each_question
def test_the_parts_on_the_page_add_up_to_everybody(page: Page, question: HeadlineMetric) -> None:
    section = page.question(question.key)
    parts = {part["data-part"]: int(part["data-count"]) for part in section.having("data-part")}
    assert sum(parts.values()) == numbers(section.having("data-question")[0])["population"]


@each_question
def test_the_days_are_the_marts(
    lake: duckdb.DuckDBPyConnection, page: Page, question: HeadlineMetric
) -> None:
    shown = {row["data-day"]: numbers(row) for row in page.question(question.key).rows("day")}
    days = [(FIRST + dt.timedelta(days=number)).isoformat() for number in range(30)]
    assert list(shown) == days
    expected = {str(day): counts for day, counts in sums(lake, question, WITHIN, "day").items()}
    assert {day: counts for day, counts in shown.items() if counts["population"]} == expected


@each_question
def test_a_week_is_the_sum_of_its_seven_days(
    lake: duckdb.DuckDBPyConnection, data: ReportData, question: HeadlineMetric
) -> None:
    (answer,) = (answer for answer in data.answers if answer.question == question)
    for day in (answer.by_day[0], answer.by_day[17], answer.by_day[-1]):
        within = f"day > DATE '{day.day}' - 7 AND day <= '{day.day}'"
        expected = sums(lake, question, within)
        shown = {name: getattr(day.week, name) for name in COUNTS}
        assert shown == (expected.popitem()[1] if expected else dict.fromkeys(COUNTS, 0))


@each_question
@pytest.mark.parametrize("table", ["organization", "campaign"])
def test_every_table_adds_up_to_its_headline(page: Page, question: HeadlineMetric, table: str) -> None:
    section = page.question(question.key)
    rows = [numbers(row) for row in section.rows(table)]
    headline = numbers(section.having("data-question")[0])
    has_campaigns = question.key != "workflow_failures"
    assert bool(rows) == (table == "organization" or has_campaigns)
    assert not rows or {name: sum(row[name] for row in rows) for name in COUNTS} == headline


@each_question
def test_rows_are_the_marts_own(
    lake: duckdb.DuckDBPyConnection, data: ReportData, question: HeadlineMetric
) -> None:
    (answer,) = (answer for answer in data.answers if answer.question == question)
    shown = {
        group.organization: {name: getattr(group.parts, name) for name in COUNTS}
        for group in answer.by_organization
    }
    assert shown == sums(lake, question, WITHIN, "organization_id")


def test_the_ledger_on_the_page_is_what_was_sent(
    lake: duckdb.DuckDBPyConnection, page: Page, simulated: Simulated
) -> None:
    (ledger,) = page.having("data-ledger")
    outcomes = dict(
        lake.execute("SELECT outcome, count(*) FROM wh.ledger.deliveries GROUP BY outcome").fetchall()
    )
    simulation = simulated[1]
    assert int(ledger["data-accepted"]) == len(simulation.deliveries)
    assert int(ledger["data-loaded"]) == outcomes["loaded"] == simulation.distinct_events
    assert int(ledger["data-duplicate"]) == outcomes["duplicate"] == simulation.duplicates
    assert int(ledger["data-quarantined"]) == outcomes["quarantined"] == simulation.quarantined


def test_the_findings_are_the_marts(lake: duckdb.DuckDBPyConnection, page: Page) -> None:
    rows = lake.execute("SELECT kind, entity, sum(count) FROM wh.marts.data_quality GROUP BY ALL").fetchall()
    shown = {(f["data-finding"], f["data-entity"]): int(f["data-count"]) for f in page.having("data-finding")}
    assert shown == {(kind, entity): count for kind, entity, count in rows}
    assert ("quarantined", "delivery") in shown


def test_no_name_of_a_candidate_is_on_the_page(lake: duckdb.DuckDBPyConnection, data: ReportData) -> None:
    html = render(data)
    names = lake.execute("SELECT DISTINCT participant_last_name FROM wh.entities.conversations").fetchall()
    known = [name for (name,) in names if name]
    assert known
    assert [name for name in known if name in html] == []


def test_a_report_is_two_equal_files_and_nothing_else(
    lake: duckdb.DuckDBPyConnection, data: ReportData, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    settings.reports.mkdir(parents=True)
    (settings.reports / "2026-11-21.html").write_text("the one before")
    written = write_report(settings, lake, AS_OF)
    assert written == settings.reports / "2026-11-21.html"
    assert sorted(path.name for path in tmp_path.rglob("*.html*")) == ["2026-11-21.html", "latest.html"]
    assert written.read_text("utf-8") == (settings.reports / "latest.html").read_text("utf-8") == render(data)


def test_json_says_what_the_page_says(data: ReportData, page: Page) -> None:
    said = json.loads(json.dumps(report_as_json(data), allow_nan=False))
    for question in said["questions"]:
        section = page.question(question["question"])
        assert {name: question[name] for name in COUNTS} == numbers(section.having("data-question")[0])
        parts = {p["data-part"]: int(p["data-count"]) for p in section.having("data-part")}
        assert question["excluded"] == {
            reason: parts.get(f"excluded_{reason}", 0) for reason in question["excluded"]
        }
        assert len(question["by_day"]) == 30
    assert said["ledger"]["adds_up"] is True
