"""Audit checks within the lake: outcomes, offsets, positions, batches, bodies and quarantine."""

from collections.abc import Iterator, Mapping

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.lake.schema import STORED_BODIES_SQL

ACCEPTED = frozenset({"accepted losses", "one topic"})
"""Checks whose findings an operator has accepted: the load stops until that is done."""

_LOST = """
(FROM wh.ledger.offsets WHERE records = 0 AND batch_id IN (
    SELECT batch_id FROM wh.ledger.batches WHERE kind = 'loss'
))
"""
"""SQL relation of the offset ranges that an operator has accepted as lost."""

_CHECKS: Mapping[str, tuple[str, str]] = {  # problem and SQL by name of the check
    "one record, one outcome": (
        "recorded more than once",
        """
        SELECT topic || '/' || partition || '/' || "offset", count(*) - 1 FROM wh.ledger.deliveries
        GROUP BY topic, topic_id, partition, "offset" HAVING count(*) > 1
        """,
    ),
    "outcomes": (
        "an outcome that does not exist",
        """
        SELECT topic || '/' || partition || '/' || "offset", 1 FROM wh.ledger.deliveries
        WHERE outcome IS NULL OR outcome NOT IN ('loaded', 'duplicate', 'quarantined')
        """,
    ),
    "offsets without gaps": (
        "offsets that were never recorded: lost",
        f"""
        WITH lost AS (
            SELECT topic_id, partition, sum(next_offset - first_offset) AS n FROM {_LOST} GROUP BY ALL
        ), reached AS (
            SELECT topic, topic_id, partition, max(next_offset) - min(first_offset) AS n
            FROM wh.ledger.offsets GROUP BY ALL
        ), recorded AS (
            SELECT topic_id, partition, count(DISTINCT "offset") AS n FROM wh.ledger.deliveries GROUP BY ALL
        )
        SELECT topic || '/' || partition, reached.n - coalesce(recorded.n, 0) - coalesce(lost.n, 0) AS missing
        FROM reached LEFT JOIN recorded USING (topic_id, partition) LEFT JOIN lost USING (topic_id, partition)
        WHERE missing > 0
        """,  # noqa: S608 - our own text
    ),
    "accepted losses": (
        "deleted by retention before they were loaded: lost, as an operator has accepted",
        f"""
        SELECT topic || '/' || partition || ' offsets ' || first_offset || ' to ' || (next_offset - 1),
            next_offset - first_offset
        FROM {_LOST} WHERE next_offset > first_offset
        """,  # noqa: S608 - our own text
    ),
    "positions": (
        "the stored position is not the end of what is recorded",
        """
        WITH recorded AS (
            SELECT topic, topic_id, partition, max("offset") + 1 AS next_offset
            FROM wh.ledger.deliveries GROUP BY ALL
        ), stored AS (
            SELECT topic, topic_id, partition, arg_max(next_offset, batch_id) AS next_offset
            FROM wh.ledger.offsets WHERE records > 0 GROUP BY ALL
        )
        SELECT coalesce(r.topic, s.topic) || '/' || coalesce(r.partition, s.partition),
            abs(coalesce(r.next_offset, 0) - coalesce(s.next_offset, 0))
        FROM recorded AS r FULL JOIN stored AS s USING (topic_id, partition)
        WHERE r.next_offset IS DISTINCT FROM s.next_offset
        """,
    ),
    "one topic": (
        "the topic was recreated; what the old one held beyond it was never loaded: lost, at least",
        """
        WITH reached AS (
            SELECT topic, topic_id, partition, max(next_offset) AS next_offset, max(end_offset) AS end_offset,
                max(batch_id) AS batch_id
            FROM wh.ledger.offsets GROUP BY topic, topic_id, partition
        )
        SELECT topic || '/' || partition || ' from offset ' || next_offset || ' (' || topic_id || ')',
            greatest(coalesce(end_offset, 0) - next_offset, 0)
        FROM reached
        WHERE topic_id <> (
            SELECT arg_max(newest.topic_id, newest.batch_id) FROM reached AS newest
            WHERE newest.topic = reached.topic
        )
        """,
    ),
    "batches add up": (
        "the batches do not add up to the ledger's outcomes",
        """
        WITH counted AS (
            SELECT outcome, count(*) AS n FROM wh.ledger.deliveries GROUP BY outcome
        ), told AS (
            UNPIVOT (
                SELECT sum(loaded) AS loaded, sum(duplicate) AS duplicate, sum(quarantined) AS quarantined
                FROM wh.ledger.batches
            ) ON loaded, duplicate, quarantined INTO NAME outcome VALUE n
        )
        SELECT outcome, abs(coalesce(counted.n, 0) - coalesce(told.n, 0))::BIGINT
        FROM counted FULL JOIN told USING (outcome)
        WHERE coalesce(counted.n, 0) <> coalesce(told.n, 0)
        """,
    ),
    "one event, loaded once": (
        "counted twice",
        """
        SELECT event_key, count(*) - 1 FROM wh.ledger.deliveries
        WHERE outcome = 'loaded' GROUP BY event_key HAVING count(*) > 1
        """,
    ),
    "duplicates have a first": (
        "a duplicate of nothing",
        """
        SELECT coalesce(event_key, delivery_id), count(*) FROM wh.ledger.deliveries AS d
        WHERE outcome = 'duplicate' AND NOT EXISTS (
            FROM wh.ledger.deliveries AS l WHERE l.outcome = 'loaded' AND l.event_key = d.event_key
        ) AND (reason IS DISTINCT FROM 'same_delivery' OR NOT EXISTS (
            FROM wh.ledger.deliveries AS f WHERE f.reason IS DISTINCT FROM 'same_delivery'
                AND f.delivery_id = d.delivery_id AND f.body_sha256 = d.body_sha256
        )) GROUP BY ALL
        """,
    ),
    "every loaded record has its body": (
        "without its body, with another body, or a body without its record",
        """
        SELECT coalesce(d.topic || '/' || d.partition || '/' || d."offset",
                        b.topic || '/' || b.partition || '/' || b."offset"), 1
        FROM (FROM wh.ledger.deliveries WHERE outcome = 'loaded' OR reason = 'body_differs') AS d
        FULL JOIN wh.ledger.bodies AS b USING (topic_id, partition, "offset")
        WHERE d.topic IS NULL OR b.topic IS NULL
            OR (d.erased_at IS NULL AND sha256(b.body) IS DISTINCT FROM d.body_sha256)
        """,
    ),
    "every quarantined record is kept": (
        "not in quarantine, there with another body, or there without its record",
        """
        SELECT coalesce(d.topic || '/' || d.partition || '/' || d."offset",
                        q.topic || '/' || q.partition || '/' || q."offset"), 1
        FROM (FROM wh.ledger.deliveries WHERE outcome = 'quarantined') AS d
        FULL JOIN wh.quarantine.records AS q USING (topic_id, partition, "offset")
        WHERE d.topic IS NULL OR q.topic IS NULL
            OR (d.erased_at IS NULL AND sha256(q.body) IS DISTINCT FROM d.body_sha256)
        """,
    ),
}

_ERASED = (
    "not the redacted body that the erasure left, or an erasure without its record",
    f"""
    SELECT coalesce(d.topic || '/' || d.partition || '/' || d."offset",
                    r.topic || '/' || r.partition || '/' || r."offset"), 1
    FROM (FROM wh.ledger.deliveries WHERE erased_at IS NOT NULL) AS d
    FULL JOIN wh.ledger.redactions AS r USING (topic_id, partition, "offset")
    LEFT JOIN {STORED_BODIES_SQL} AS kept USING (topic_id, partition, "offset")
    WHERE d.topic IS NULL OR r.topic IS NULL OR kept.topic_id IS NULL
        OR sha256(kept.body) IS DISTINCT FROM r.body_sha256
    """,  # noqa: S608 - our own text
)
"""Problem and SQL of the check of erased bodies, which are compared with the hash of the redacted body."""


def ledger_findings(con: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    """Run every check in order and yield its findings."""
    checks = {**_CHECKS, "erased records stay as they are": _ERASED} if _has_redactions(con) else _CHECKS
    for check, (problem, sql) in checks.items():
        for where, records in con.execute(sql).fetchall():
            yield AuditFinding(check, str(where), problem, int(records), check in ACCEPTED)


def _has_redactions(con: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the lake has the table of redactions, which a loader of this release creates."""
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'ledger' "
        "AND table_name = 'redactions'"
    )
    return found.fetchone() is not None
