"""The four headline numbers over all days, for the demo's table, `status` and scripts."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.reports.headline_metrics import QUESTIONS, HeadlineMetric
from pipelines.reports.mart_cells import read_cells, sum_parts
from pipelines.reports.rates import RateCounts


@dataclass(frozen=True, slots=True)
class Headline:
    """Headline metric over all days. Rate and interval are shares, None when the denominator is 0.

    `excluded` has the count by reason.
    """

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
    """Return one headline for each question; `con` has the lake attached as `wh`, pinned.

    Raises `Unavailable` when the marts are not built yet.
    """
    cells = read_cells(con, QUESTIONS)
    return [headline(question, sum_parts(each)) for question, each in zip(QUESTIONS, cells, strict=True)]


def headline(question: HeadlineMetric, parts: RateCounts) -> Headline:
    """Return the headline of a question from its counts."""
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
