"""Proof that nothing is lost and nothing counted twice: the ledger against itself, the tables and the topic.

Every check returns what offends, with where it is; an empty answer is the proof.
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
    """Check the whole ledger, against the topic too when it is given.

    A loader may continue meanwhile when `con` is pinned to a snapshot; `ends` is asked after that was taken.
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
    """Records of the ledger, and of these the loaded, duplicate and quarantined ones."""
    row = con.execute(
        """
        SELECT count(*), count(*) FILTER (outcome = 'loaded'), count(*) FILTER (outcome = 'duplicate'),
            count(*) FILTER (outcome = 'quarantined')
        FROM wh.ledger.deliveries
        """
    ).fetchone()
    return row or (0, 0, 0, 0)
