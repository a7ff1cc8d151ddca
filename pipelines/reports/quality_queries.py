"""Queries for the trust section of the report: sources, data quality findings, freshness, funnel."""

import datetime as dt
from collections.abc import Iterable

import duckdb

from pipelines.reports.report_data import (
    DataQualityFinding,
    Freshness,
    Funnel,
    LedgerSummary,
    Period,
    SourceHealth,
)

_SOURCES = """
SELECT source, provider, deliveries, loaded, duplicates, quarantined, last_received_at,
       delivery_latency_p50_seconds, delivery_latency_p95_seconds,
       error_share, gap_p99_seconds
FROM wh.marts.source_health ORDER BY source, provider
"""
_FINDINGS = """
SELECT kind, entity, sum(count)::BIGINT FROM wh.marts.data_quality GROUP BY kind, entity ORDER BY kind, entity
"""
_FRESHNESS = """SELECT "table", newest_loaded_at, rows FROM wh.marts.freshness ORDER BY "table" """
_FUNNEL = """
SELECT coalesce(sum(started), 0)::BIGINT, coalesce(sum(decided), 0)::BIGINT, coalesce(sum(passed), 0)::BIGINT,
       coalesce(sum(booked), 0)::BIGINT, coalesce(sum(held), 0)::BIGINT
FROM wh.marts.funnel WHERE day BETWEEN ? AND ?
"""


def read_sources(con: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> tuple[SourceHealth, ...]:
    """Return deliveries and delays of every source, sorted by name; silence is counted until `as_of`."""
    return tuple(
        SourceHealth(
            source=source or "(unknown)",
            provider=provider or "(unknown)",
            ledger=LedgerSummary(*row[:4]),
            last_received_at=_utc(row[4]),
            delay_p50_seconds=row[5],
            delay_p95_seconds=row[6],
            error_share=row[7],
            silence_seconds=(as_of - row[4]).total_seconds(),
            usual_gap_seconds=row[8],
        )
        for source, provider, *row in con.execute(_SOURCES).fetchall()
    )


def sum_ledger(sources: Iterable[SourceHealth]) -> LedgerSummary:
    """Return the sum of the delivery counts of all sources."""
    parts = [source.ledger for source in sources]
    return LedgerSummary(
        accepted=sum(part.accepted for part in parts),
        loaded=sum(part.loaded for part in parts),
        duplicate=sum(part.duplicate for part in parts),
        quarantined=sum(part.quarantined for part in parts),
    )


def read_findings(con: duckdb.DuckDBPyConnection) -> tuple[DataQualityFinding, ...]:
    """Return the data quality findings, summed over all organizations and sorted by kind."""
    return tuple(DataQualityFinding(*row) for row in con.execute(_FINDINGS).fetchall())


def read_freshness(con: duckdb.DuckDBPyConnection) -> tuple[Freshness, ...]:
    """Return row count and newest load time (UTC) of every table that has rows, sorted by name."""
    rows = con.execute(_FRESHNESS).fetchall()
    return tuple(Freshness(table, _utc(newest) if newest else None, count) for table, newest, count in rows)


def read_funnel(con: duckdb.DuckDBPyConnection, period: Period) -> Funnel:
    """Return how many of the conversations that started in the period reached each step."""
    row = con.execute(_FUNNEL, [period.first, period.last]).fetchone()
    return Funnel(*(row or (0, 0, 0, 0, 0)))


def _utc(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(dt.UTC)
