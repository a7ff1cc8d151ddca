"""Audit checks that compare event tables and their child tables with the ledger."""

from collections.abc import Iterator

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.lake.schema import all_tables

_SAME = "hash(delivery_id, source, provider, organization_id, received_at)"
"""SQL hash of the columns that an event row and its ledger row share."""


def event_findings(con: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    """Yield event rows without a loaded record, loaded records without event row, and rows that differ."""
    names = [
        name for name, columns in all_tables() if name.startswith("events.") and "position" not in columns
    ]
    rows = " UNION ALL ".join(
        f"SELECT event_key, '{name}' AS name, {_SAME} AS said FROM wh.{name}"  # noqa: S608
        for name in names
    )
    sql = f"""
        SELECT coalesce(e.name, 'ledger.deliveries'), count(*),
            CASE WHEN d.event_key IS NULL THEN 'event rows that no loaded record accounts for'
                WHEN e.event_key IS NULL THEN 'loaded records without their event row'
                WHEN e.n > 1 THEN 'events with more than one row'
                ELSE 'event rows that say something else of their delivery than the ledger' END
        FROM (
            SELECT event_key, min(name) AS name, count(*) AS n, min(said) AS said
            FROM ({rows}) GROUP BY event_key
        ) AS e
        FULL JOIN (SELECT event_key, {_SAME} AS said FROM wh.ledger.deliveries WHERE outcome = 'loaded') AS d
            USING (event_key)
        WHERE d.event_key IS NULL OR e.event_key IS NULL OR e.n > 1 OR e.said <> d.said GROUP BY ALL
        """  # noqa: S608 - names of our own tables
    for where, records, problem in con.execute(sql).fetchall():
        yield AuditFinding("ledger and event tables agree", where, problem, records)


def child_findings(con: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    """Yield child tables with missing or repeated positions, or with rows of no loaded event."""
    names = [name for name, columns in all_tables() if "position" in columns]
    if not names:
        return
    rows = " UNION ALL ".join(
        f"SELECT event_key, position, '{name}' AS name FROM wh.{name}"  # noqa: S608
        for name in names
    )
    sql = f"""
        SELECT name, count(*) FROM (
            SELECT name, event_key FROM ({rows}) GROUP BY name, event_key
            HAVING count(*) <> count(DISTINCT position) OR max(position) + 1 <> count(*)
                OR event_key NOT IN (SELECT event_key FROM wh.ledger.deliveries WHERE outcome = 'loaded')
        ) GROUP BY name
        """  # noqa: S608 - names of our own tables
    for where, records in con.execute(sql).fetchall():
        yield AuditFinding(
            "child rows fit their event", where, "rows missing, doubled or of no event", records
        )
