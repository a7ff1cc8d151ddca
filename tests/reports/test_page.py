"""What a page looks like at its edges: nothing there, few cases, many groups, hostile names."""

import datetime as dt

import duckdb
import pytest

from pipelines.errors import Unavailable
from pipelines.reports.formatting import duration
from pipelines.reports.headline_numbers import headlines
from pipelines.reports.html_page import render
from pipelines.reports.load_report import TOP, period_until, read_report
from tests.support.report_lakes import AS_OF, TODAY, add_passes, add_payment, add_question, add_source
from tests.support.report_pages import Page, numbers


def page_of(con: duckdb.DuckDBPyConnection) -> Page:
    return Page(render(read_report(con, AS_OF, "UTC")))


def test_an_empty_lake_has_a_page_without_invented_numbers(marts: duckdb.DuckDBPyConnection) -> None:
    page = page_of(marts)
    assert page.text.count("no cases") >= 4
    assert "No delivery has been loaded yet." in page.text
    assert page.having("data-rate") == []
    assert "nan" not in page.text.lower()
    assert [headline.rate for headline in headlines(marts)] == [None] * 4


def test_the_page_needs_nothing_else(marts: duckdb.DuckDBPyConnection) -> None:
    add_passes(marts, 3, 5)
    html = render(read_report(marts, AS_OF, "UTC"))
    assert Page(html).fetched() == []
    assert "url(" not in html
    assert "@import" not in html
    assert "://" not in html


def test_what_a_browser_would_fetch_is_seen() -> None:
    page = Page('<script src="x"></script><a href="https://example.org">a</a><p onclick="y">b</p>')
    assert page.fetched() == ["script", "https://example.org", "src", "onclick"]


def test_names_are_text_wherever_they_stand(marts: duckdb.DuckDBPyConnection) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    add_passes(marts, 3, 5, organization=hostile, campaign=hostile)
    marts.execute("INSERT INTO wh.marts.data_quality VALUES (?, ?, ?, 1)", [hostile] * 3)
    add_source(marts, hostile, hostile)
    add_question(marts, hostile, 3, 5)
    marts.execute(
        "INSERT INTO wh.marts.failing_nodes (day, workflow_id, workflow_version_id, node_id, node_outcome, "
        "failed_runs) VALUES (?, ?, ?, ?, ?, 1)",
        [TODAY, *[hostile] * 4],
    )
    add_payment(marts, hostile, hostile, hostile)
    marts.execute("INSERT INTO wh.marts.freshness VALUES (?, ?, 1)", [hostile, AS_OF])
    page = page_of(marts)
    assert page.fetched() == []
    assert page.text.count(hostile) >= 14


def test_no_denominator_is_no_cases_with_its_parts(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "INSERT INTO wh.marts.screening_pass_rate_activity (metric, organization_id, day, population, "
        "excluded_opted_out) VALUES ('pass_rate', 'o-1', ?, 4, 4)",
        [TODAY],
    )
    page = page_of(marts)
    section = page.question("screening_pass_rate")
    assert numbers(section.having("data-question")[0]) == {
        "population": 4,
        "numerator": 0,
        "denominator": 0,
        "open": 0,
    }
    assert {p["data-part"]: p["data-count"] for p in section.having("data-part")} == {
        "numerator": "0",
        "rest": "0",
        "excluded_opted_out": "4",
    }
    assert "no conversations decided in this period" in page.text
    assert "4 left out: opted out" in page.text


@pytest.mark.parametrize(("cases", "warned"), [(29, True), (30, False)])
def test_few_cases_are_marked(marts: duckdb.DuckDBPyConnection, cases: int, warned: bool) -> None:
    add_passes(marts, 10, cases)
    assert ("few cases: read the interval" in page_of(marts).text) == warned


def test_groups_beyond_the_top_are_one_row(marts: duckdb.DuckDBPyConnection) -> None:
    for number in range(TOP + 3):
        add_passes(marts, number, 20 + number, organization=f"o-{number:02}")
    add_passes(marts, 1, 1, organization=None, campaign=None)
    page = page_of(marts)
    rows = page.question("screening_pass_rate").rows("organization")
    assert len(rows) == TOP + 1
    assert numbers(rows[-1])["denominator"] == 20 + 21 + 22 + 1
    assert "4 others" in page.text


def test_the_same_campaign_id_of_two_organizations_is_two_campaigns(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    add_passes(marts, 1, 4, organization="o-1")
    add_passes(marts, 2, 4, organization="o-2")
    assert len(page_of(marts).question("screening_pass_rate").rows("campaign")) == 2


def test_the_period_before_is_compared_with_and_not_counted(marts: duckdb.DuckDBPyConnection) -> None:
    add_passes(marts, 900, 1000)
    add_passes(marts, 100, 1000, day=TODAY - dt.timedelta(days=30))
    add_passes(marts, 7, 7, day=TODAY - dt.timedelta(days=60))
    page = page_of(marts)
    assert numbers(page.question("screening_pass_rate").having("data-question")[0])["denominator"] == 1000
    assert "▲ Up +80.0 points" in page.text
    assert "30 days before: 10.0\u00a0% (100 of 1\u202f000)" in page.text
    assert "Over all days: 50.2\u00a0% (1\u202f007 of 2\u202f007)" in page.text


def test_days_end_with_the_day_of_the_zone() -> None:
    late = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)
    assert period_until(late, "UTC", 30).last == dt.date(2026, 11, 21)
    assert period_until(late, "Europe/Athens", 30).last == dt.date(2026, 11, 22)
    assert period_until(late, "Europe/Athens", 30).days == 30


def test_a_ledger_that_does_not_add_up_is_said(marts: duckdb.DuckDBPyConnection) -> None:
    add_source(marts, "s", "popp", deliveries=5)
    assert "does not add up" in page_of(marts).text


def test_without_marts_the_error_says_what_to_do() -> None:
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS wh; CREATE SCHEMA wh.marts")
    with pytest.raises(Unavailable, match=r"no mart scheduling_success_cohort yet; .* builds it"):
        read_report(con, AS_OF, "UTC")


@pytest.mark.parametrize("missing", ["members", "freshness"])
def test_in_the_midst_of_the_first_build_it_says_so(marts: duckdb.DuckDBPyConnection, missing: str) -> None:
    marts.execute(f"DROP TABLE wh.marts.{missing}")
    with pytest.raises(Unavailable, match=rf"not all built yet \(Table with name {missing} .*status"):
        read_report(marts, AS_OF, "UTC")


def test_what_nobody_described_reads_as_its_own_name(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("ALTER TABLE wh.marts.screening_pass_rate_activity ADD COLUMN excluded_on_holiday BIGINT")
    marts.execute("INSERT INTO wh.marts.data_quality VALUES ('odd_thing', 'moon', 'o-1', 2)")
    marts.execute(
        "INSERT INTO wh.marts.screening_pass_rate_activity (metric, organization_id, day, population, "
        "excluded_on_holiday) VALUES ('pass_rate', 'o-1', ?, 1, 1)",
        [TODAY],
    )
    page = page_of(marts)
    assert "1 left out: on holiday" in page.text
    assert "2 moons: odd thing" in page.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.42, "0.4\u00a0s"),
        (75, "75\u00a0s"),
        (600, "10\u00a0min"),
        (172_800, "2\u00a0d"),
        (190_188, "2.2\u00a0d"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
