"""Queries for reminders, failing nodes, open runs, reviews, payments and missing events."""

import duckdb

from pipelines.reports.detail_data import FailingNode, MissingEvent, Nudges, OpenRuns, PaymentTotals, Reviews
from pipelines.reports.report_data import Period

_NUDGES = """
SELECT is_interviewer, nudges_sent, sum(sequences)::BIGINT FROM wh.marts.nudges_sent
WHERE day BETWEEN ? AND ? GROUP BY ALL ORDER BY is_interviewer, nudges_sent NULLS LAST
"""
_FAILING_NODES = """
SELECT workflow_id, workflow_version_id, node_id, node_outcome, sum(failed_runs)::BIGINT AS failed
FROM wh.marts.failing_nodes WHERE day BETWEEN ? AND ? GROUP BY ALL
ORDER BY failed DESC, workflow_id, workflow_version_id, node_id, node_outcome
"""
_OPEN_RUNS = """
SELECT organization_id, sum(open)::BIGINT AS still_open, sum(open_stuck)::BIGINT AS stuck
FROM wh.marts.workflow_failures_cohort WHERE metric = 'run_failure_rate'
GROUP BY ALL HAVING sum(open) > 0 ORDER BY stuck DESC, still_open DESC, organization_id
"""
# the median of a period cannot be computed from the medians of a mart's cells, so this reads the entities
_REVIEWS = """
WITH follow_ups AS (
  SELECT provider, organization_id, conversation_id, unnest(review_follow_ups, recursive := true)
  FROM wh.entities.conversations WHERE review_count > 0
)
SELECT reason, count(*) AS reviews,
       count(DISTINCT (provider, organization_id, conversation_id))
         FILTER (WHERE conversation_id IS NOT NULL),
       count(seconds),
       quantile_cont(seconds, 0.5), quantile_cont(seconds, 0.9)
FROM (
  SELECT reviews.*, epoch(next_event_at) - epoch(reviews.asked_at) AS seconds
  FROM wh.entities.reviews AS reviews
  LEFT JOIN follow_ups USING (provider, organization_id, conversation_id, asked_at)
)
WHERE (asked_at AT TIME ZONE ?)::DATE BETWEEN ? AND ?
GROUP BY reason ORDER BY reviews DESC, reason
"""
_PAYMENTS = """
SELECT provider, status, currency_code, sum(payments)::BIGINT, sum(amount_sum) FROM wh.marts.payment_totals
WHERE day BETWEEN ? AND ? GROUP BY ALL ORDER BY provider, status, currency_code NULLS LAST
"""
_MISSING = """
SELECT entity, missing_event, sum(count)::BIGINT AS missing FROM wh.marts.implied_missing
WHERE day BETWEEN ? AND ? GROUP BY ALL ORDER BY missing DESC, entity, missing_event
"""


def read_nudges(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Nudges, ...]:
    """Return nudge sequences by reminders sent: candidates before interviewers, fewest reminders first."""
    return tuple(Nudges(*row) for row in con.execute(_NUDGES, [period.first, period.last]).fetchall())


def read_failing_nodes(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[FailingNode, ...]:
    """Return the failed runs by the last node before the failure, most failures first."""
    rows = con.execute(_FAILING_NODES, [period.first, period.last]).fetchall()
    return tuple(FailingNode(*row) for row in rows)


def read_open_runs(con: duckdb.DuckDBPyConnection) -> tuple[OpenRuns, ...]:
    """Return the open workflow runs of each organization that has any, most stuck runs first."""
    return tuple(OpenRuns(*row) for row in con.execute(_OPEN_RUNS).fetchall())


def read_reviews(con: duckdb.DuckDBPyConnection, period: Period, time_zone: str) -> tuple[Reviews, ...]:
    """Return the requests for review by reason, most frequent first; days are cut in `time_zone`."""
    rows = con.execute(_REVIEWS, [time_zone, period.first, period.last]).fetchall()
    return tuple(Reviews(*row) for row in rows)


def read_payments(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[PaymentTotals, ...]:
    """Return the payments by provider, status and currency; amounts are never summed across them."""
    return tuple(
        PaymentTotals(*row) for row in con.execute(_PAYMENTS, [period.first, period.last]).fetchall()
    )


def read_missing(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[MissingEvent, ...]:
    """Return the events that later events imply but that never arrived, most frequent first."""
    return tuple(MissingEvent(*row) for row in con.execute(_MISSING, [period.first, period.last]).fetchall())
