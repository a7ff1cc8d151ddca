"""Queries for durations and scores."""

from typing import Any

import duckdb

from pipelines.reports.detail_data import Coverage, Duration, Scores
from pipelines.reports.mart_cells import band_counts, excluded_counts, read_sums
from pipelines.reports.rates import RateCounts
from pipelines.reports.report_data import Period

_QUANTILES = """
SELECT mart, quantile_cont(value, 0.5), quantile_cont(value, 0.9) FROM wh.marts.members
WHERE mart IN ('time_to_schedule', 'queue_time') AND bucket = 'denominator' AND day BETWEEN ? AND ?
GROUP BY mart
"""
_CV_SCORES = """
coalesce(sum(scored), 0)::BIGINT AS scored, coalesce(sum(no_score), 0)::BIGINT AS no_score,
coalesce(sum(score_out_of_range), 0)::BIGINT AS out_of_range,
sum(mean * scored) / nullif(sum(scored), 0) AS mean
"""


def read_durations(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Duration, Duration]:
    """Return `(time to schedule, time in the queue)`; quantiles are computed over members, not over cells."""
    rows = con.execute(_QUANTILES, [period.first, period.last]).fetchall()
    found = {mart: (median, p90) for mart, median, p90 in rows}
    scheduled, queued = (
        _duration(read_sums(con, mart, period).row(0, named=True), *found.get(mart, (None, None)))
        for mart in ("time_to_schedule", "queue_time")
    )
    return scheduled, queued


def _duration(row: dict[str, Any], median: float | None, p90: float | None) -> Duration:
    return Duration(_coverage(row), median, p90, band_counts(row))


def read_decision_scores(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Scores, ...]:
    """Return the screening scores of candidates who passed and of those who failed, in this order."""
    mean = "sum(mean * denominator) / nullif(sum(denominator), 0) AS mean"
    rows = read_sums(con, "screening_scores", period, ("outcome",), mean).iter_rows(named=True)
    found = {row["outcome"]: row for row in rows}
    return tuple(
        Scores(outcome, _coverage(row), row["mean"], band_counts(row))
        for outcome in ("passed", "failed")
        if (row := found.get(outcome))
    )


def read_cv_analyses(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RateCounts, tuple[Scores, ...]]:
    """Return `(counts, scores)`: the CVs that meet every mandatory requirement, and the scores of all CVs."""
    row = read_sums(con, "cv_analyses", period, (), _CV_SCORES).row(0, named=True)
    cases = Coverage(row["scored"], 0, {"no_score": row["no_score"], "out_of_range": row["out_of_range"]})
    scores = (Scores("cv_analysis", cases, row["mean"], band_counts(row)),) if cases.population else ()
    return RateCounts(row["numerator"], row["denominator"], 0, excluded_counts(row)), scores


def _coverage(row: dict[str, Any]) -> Coverage:
    return Coverage(int(row["denominator"]), int(row.get("open", 0)), excluded_counts(row))
