"""Loading of `Details` from the marts: everything in a report beyond the four headline metrics."""

from collections.abc import Sequence

import duckdb
import polars as pl

from pipelines.reports import activity_queries
from pipelines.reports.detail_data import Details, SecondaryMetric
from pipelines.reports.duration_queries import read_cv_analyses, read_decision_scores, read_durations
from pipelines.reports.mart_cells import sum_parts, sum_remarks, within
from pipelines.reports.ranked_rates import read_contacts, read_questions, read_requirements
from pipelines.reports.rates import change
from pipelines.reports.report_data import Period
from pipelines.reports.secondary_metrics import FURTHER


def read_details(
    con: duckdb.DuckDBPyConnection, further: tuple[SecondaryMetric, ...], period: Period, time_zone: str
) -> Details:
    """Return all details of the period. Raises `Unavailable` when the marts are not built yet."""
    time_to_schedule, queue_time = read_durations(con, period)
    cv_analyses, cv_scores = read_cv_analyses(con, period)
    return Details(
        further=further,
        time_to_schedule=time_to_schedule,
        queue_time=queue_time,
        questions=read_questions(con, period),
        requirements=read_requirements(con, period),
        cv_analyses=cv_analyses,
        scores=(*read_decision_scores(con, period), *cv_scores),
        nudges=activity_queries.read_nudges(con, period),
        failing_nodes=activity_queries.read_failing_nodes(con, period),
        open_runs=activity_queries.read_open_runs(con),
        contacts=read_contacts(con, period),
        reviews=activity_queries.read_reviews(con, period, time_zone),
        payments=activity_queries.read_payments(con, period),
        missing=activity_queries.read_missing(con, period),
    )


def compare(cells: Sequence[pl.DataFrame], period: Period, before: Period) -> tuple[SecondaryMetric, ...]:
    """Compare every secondary metric with the period before.

    `cells` has one frame of mart cells for each metric, in the order of `FURTHER`, like the result.
    """
    compared = []
    for metric, each in zip(FURTHER, cells, strict=True):
        current = within(each, period)
        now, then = sum_parts(current), sum_parts(within(each, before))
        compared.append(SecondaryMetric(metric, now, then, change(then, now), sum_remarks(current)))
    return tuple(compared)
