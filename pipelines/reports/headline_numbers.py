"""The four headline numbers over all days: for the demo's table, `status`, and anyone who wants no page."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.reports.headline_metrics import QUESTIONS, HeadlineMetric
from pipelines.reports.mart_cells import read_cells, sum_parts
from pipelines.reports.rates import RateCounts


@dataclass(frozen=True, slots=True)
class Headline:
    """One default metric over all days. Rate and interval are shares, None where the denominator is 0."""

    question: str
    metric: str
    numerator: int
    denominator: int
    rate: float | None
    open: int
    excluded: Mapping[str, int]
    wilson_low: float | None
    wilson_high: float | None


def headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    """One for each question, from the marts of `wh`, pinned. Raises `Unavailable` where there are none."""
    cells = read_cells(con, QUESTIONS)
    return [headline(question, sum_parts(each)) for question, each in zip(QUESTIONS, cells, strict=True)]


def headline(question: HeadlineMetric, parts: RateCounts) -> Headline:
    """A question with its sums; `excluded` is keyed by the reason, without a prefix."""
    interval = parts.interval
    return Headline(
        question=question.key,
        metric=question.metric,
        numerator=parts.numerator,
        denominator=parts.denominator,
        rate=parts.rate,
        open=parts.open,
        excluded=parts.excluded,
        wilson_low=interval.low if interval else None,
        wilson_high=interval.high if interval else None,
    )
