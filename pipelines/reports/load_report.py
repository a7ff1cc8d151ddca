"""Loading of `ReportData` from the marts, all at one snapshot of the lake."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipelines.errors import Unavailable
from pipelines.reports.headline_metrics import QUESTIONS, HeadlineMetric
from pipelines.reports.load_details import compare, read_details
from pipelines.reports.mart_cells import parts_by, read_cells, sum_parts, sum_remarks, within
from pipelines.reports.quality_queries import (
    read_findings,
    read_freshness,
    read_funnel,
    read_sources,
    sum_ledger,
)
from pipelines.reports.rates import RateCounts, change, total
from pipelines.reports.report_data import Day, Group, MetricReport, Period, ReportData
from pipelines.reports.secondary_metrics import FURTHER

TOP = 10
"""Maximum rows of a table by organization or campaign; one more row sums all others."""
WEEK = 7
"""Number of days that the smoothed daily rate covers."""


def read_report(
    con: duckdb.DuckDBPyConnection, as_of: datetime, time_zone: str, days: int = 30
) -> ReportData:
    """Return the report on the last `days` days, ending with the day of `as_of`.

    `con` has the lake attached as `wh`, pinned to one snapshot. `as_of` has a time zone; `time_zone` is the
    IANA zone in which the marts cut days. Raises `Unavailable` when a mart is not built yet.
    """
    try:
        return _read(con, as_of, time_zone, period_until(as_of, time_zone, days))
    except (duckdb.CatalogException, duckdb.BinderException) as error:  # no table, no column
        missing = str(error).splitlines()[0].partition(": ")[2]
        raise Unavailable(
            f"the models are not all built yet ({missing}); `hirestream stream` builds them when it loads "
            "events, and `hirestream status` says when it last did"
        ) from None


def _read(con: duckdb.DuckDBPyConnection, as_of: datetime, time_zone: str, period: Period) -> ReportData:
    before = Period(period.first - timedelta(days=period.days), period.first - timedelta(days=1))
    cells = read_cells(con, (*QUESTIONS, *FURTHER))
    answers = tuple(answer(*each, period, before) for each in zip(QUESTIONS, cells, strict=False))
    further = compare(cells[len(QUESTIONS) :], period, before)
    sources = read_sources(con, as_of)
    return ReportData(
        as_of=as_of,
        time_zone=time_zone,
        period=period,
        period_before=before,
        answers=answers,
        details=read_details(con, further, period, time_zone),
        funnel=read_funnel(con, period),
        ledger=sum_ledger(sources),
        sources=sources,
        findings=read_findings(con),
        freshness=read_freshness(con),
    )


def period_until(as_of: datetime, time_zone: str, days: int) -> Period:
    """Return the period of `days` calendar days that ends with the day of `as_of` in the zone."""
    last = as_of.astimezone(ZoneInfo(time_zone)).date()
    return Period(last - timedelta(days=days - 1), last)


def answer(question: HeadlineMetric, cells: pl.DataFrame, period: Period, before: Period) -> MetricReport:
    """Compute the figures of a question from the cells of its mart; `before` is the period to compare to."""
    current = within(cells, period)
    now, then = sum_parts(current), sum_parts(within(cells, before))
    return MetricReport(
        question=question,
        parts=now,
        before=then,
        change=change(then, now),
        remarks=sum_remarks(current),
        all_days=sum_parts(cells),
        by_day=_by_day(cells, period),
        by_organization=_by_organization(current),
        by_campaign=_by_campaign(current),
    )


def _by_day(cells: pl.DataFrame, period: Period) -> tuple[Day, ...]:
    lead = timedelta(days=WEEK - 1)
    found = {
        key[0]: parts
        for key, parts in parts_by(within(cells, Period(period.first - lead, period.last)), "day")
    }
    days = [period.first - lead + timedelta(days=number) for number in range(period.days + WEEK - 1)]
    series = [found.get(day, total(())) for day in days]
    return tuple(
        Day(days[last], series[last], total(series[last - WEEK + 1 : last + 1]))
        for last in range(WEEK - 1, len(days))
    )


def _by_organization(cells: pl.DataFrame) -> tuple[Group, ...]:
    return _largest_groups(
        Group(organization, None, parts) for (organization,), parts in parts_by(cells, "organization_id")
    )


def _by_campaign(cells: pl.DataFrame) -> tuple[Group, ...]:
    named = cells.with_columns(campaign=pl.coalesce("campaign_id", "external_campaign_id", pl.lit("")))
    groups = parts_by(named, "organization_id", "campaign")
    return _largest_groups(Group(organization, campaign, parts) for (organization, campaign), parts in groups)


def _largest_groups(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the `TOP` largest groups and one that sums the others; together they add up to the headline."""
    ranked = sorted(groups, key=_sort_key)
    rest = ranked[TOP:]
    if not rest:
        return tuple(ranked)
    return (*ranked[:TOP], Group(None, None, total(group.parts for group in rest), others=len(rest)))


def _sort_key(group: Group) -> tuple[int, int, str, str]:
    parts: RateCounts = group.parts
    return -parts.denominator, -parts.population, group.organization or "", group.campaign or ""
