"""The truth as tests look at it: the default metrics summed to organization and day, or one metric by day."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.truth.cells import TruthRow, truth_of

ASKED = datetime(2026, 4, 1, tzinfo=UTC)
"""Weeks after what tests tell by hand."""
DEFAULTS = frozenset({"scheduling_success_rate", "pass_rate", "exhaustion_rate", "run_failure_rate"})
NOT_BUCKETS = frozenset({"population", "denominator"})

Cell = tuple[str, str, str]
"""Mart, organization, day."""


def parts(row: TruthRow) -> Counter[str]:
    """A cell of a rate as buckets, without empty ones and without notes."""
    found = Counter({"miss": row.counts["denominator"] - row.counts.get("numerator", 0)})
    for name, count in row.counts.items():
        if name in ("numerator", "open") or name.startswith("excluded_"):
            found[name.removeprefix("excluded_")] += count
    return +found


def cells(rows: Iterable[TruthRow]) -> dict[Cell, Counter[str]]:
    """The default metrics by mart, organization and day."""
    found: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.keys.get("metric") in DEFAULTS:
            found[row.mart, row.organization_id, str(row.day)] += parts(row)
    return dict(found)


def counted(journeys: list[Journey], now: datetime = ASKED) -> dict[Cell, Counter[str]]:
    """The same of some journeys, days in UTC."""
    return cells(truth_of(journeys, "UTC", now))


def by_mart(journeys: list[Journey]) -> dict[str, Counter[str]]:
    """The default metrics by mart alone."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (mart, _, _), buckets in counted(journeys).items():
        found[mart] += buckets
    return dict(found)


def metric(journeys: list[Journey], name: str, now: datetime = ASKED) -> dict[str, dict[int, dict[str, int]]]:
    """One metric, or mart without metrics: the counts that are not 0 by the mart's last word and the day."""
    found: defaultdict[str, defaultdict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in truth_of(journeys, "UTC", now):
        if name in (row.keys.get("metric"), row.mart):
            found[row.mart.rpartition("_")[2]][row.day.day] += Counter(row.counts)
    return {mart: {day: dict(counts) for day, counts in days.items()} for mart, days in found.items()}
