"""Audit that no record is lost or counted twice: compares the ledger with itself, the tables and the topic.

Every check yields its violations with their place; no findings are the proof.
"""

from collections.abc import Callable, Mapping

import duckdb

from pipelines.admin.audit.event_tables import child_findings, event_findings
from pipelines.admin.audit.findings import Audit, AuditFinding, LedgerTotals
from pipelines.admin.audit.hash_chain import batch_findings
from pipelines.admin.audit.ledger import ledger_findings
from pipelines.admin.audit.topic import topic_findings, waiting
from pipelines.ingest.topic_admin import TopicInfo, Watermarks

__all__ = ["Audit", "AuditFinding", "LedgerTotals", "audit"]


def audit(
    con: duckdb.DuckDBPyConnection,
    topic: TopicInfo | None,
    ends: Callable[[], Mapping[int, Watermarks]] | None = None,
) -> Audit:
    """Check the whole ledger, and compare it with the topic when one is given.

    A loader may run meanwhile if `con` is pinned to a snapshot: `ends`, which reads the watermarks by
    partition, is called later than the snapshot.
    """
    found = ends() if ends else None
    findings = [
        *ledger_findings(con),
        *event_findings(con),
        *child_findings(con),
        *batch_findings(con),
        *(topic_findings(con, topic, found) if topic and found else ()),
    ]
    beyond = waiting(con, topic, found) if topic and found is not None else None
    return Audit(LedgerTotals(*_counts(con), beyond), tuple(findings))


def _counts(con: duckdb.DuckDBPyConnection) -> tuple[int, int, int, int]:
    """Return the numbers of ledger rows: `(all, loaded, duplicate, quarantined)`."""
    row = con.execute(
        """
        SELECT count(*), count(*) FILTER (outcome = 'loaded'), count(*) FILTER (outcome = 'duplicate'),
            count(*) FILTER (outcome = 'quarantined')
        FROM wh.ledger.deliveries
        """
    ).fetchone()
    return row or (0, 0, 0, 0)
