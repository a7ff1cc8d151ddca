"""The ledger against the topic: what each holds that the other does not."""

from collections.abc import Iterator, Mapping

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.ingest.topic_admin import TopicInfo, Watermarks

CHECK = "ledger and topic agree"


def topic_findings(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> Iterator[AuditFinding]:
    """Gaps between offsets and ledger, by partition; a partition that was never loaded starts at 0."""
    recorded = _recorded(con, topic)
    if not recorded:
        yield from gone_findings(con, topic.topic, "the topic was recreated")
    for partition, (first, end) in (dict.fromkeys(found, (0, 0)) | recorded).items():
        where = f"{topic.topic}/{partition}"
        if partition not in found:
            yield AuditFinding(CHECK, where, "the partition is gone from the topic", end - first)
            continue
        low, high = found[partition].low, found[partition].high
        if low < first:
            yield AuditFinding(CHECK, where, "records before the first one recorded", first - low)
        if end < low:
            yield AuditFinding(CHECK, where, "deleted by retention before they were loaded: lost", low - end)
        if high < end:
            yield AuditFinding(CHECK, where, "the ledger goes beyond the end of the topic", end - high)
        if low < (passed := _passed(con, topic, partition)):
            yield AuditFinding(CHECK, where, "accepted as lost, and still on the topic", passed - low)


def gone_findings(con: duckdb.DuckDBPyConnection, topic: str, why: str) -> Iterator[AuditFinding]:
    """Records of the previous topic of this name that were not loaded; empty without one."""
    rows = con.execute(
        """
        SELECT partition, topic_id, max(next_offset) AS reached,
            greatest(coalesce(max(end_offset), 0) - reached, 0)
        FROM wh.ledger.offsets WHERE topic = $topic AND next_offset IS NOT NULL
            AND topic_id = (SELECT arg_max(topic_id, batch_id) FROM wh.ledger.offsets WHERE topic = $topic)
        GROUP BY partition, topic_id ORDER BY partition
        """,
        {"topic": topic},
    ).fetchall()
    for partition, topic_id, reached, records in rows:
        problem = f"{why}; what the old one held beyond this was never loaded: lost, at least"
        where = f"{topic}/{partition} from offset {reached} ({topic_id})"
        yield AuditFinding(CHECK, where, problem, records)


def _recorded(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, int]]:
    """By partition where the load began and where it continues, behind what was accepted as lost too."""
    rows = con.execute(
        """
        SELECT partition, min(first_offset), max(next_offset) FROM wh.ledger.offsets
        WHERE topic_id = ? AND first_offset IS NOT NULL AND next_offset IS NOT NULL
        GROUP BY partition ORDER BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    return {partition: (first, end) for partition, first, end in rows}


def _passed(con: duckdb.DuckDBPyConnection, topic: TopicInfo, partition: int) -> int:
    """Up to where records were accepted as lost: the topic began there then, and begins nowhere before."""
    row = con.execute(
        "SELECT max(next_offset) FROM wh.ledger.offsets WHERE topic_id = ? AND partition = ? AND records = 0",
        [topic.topic_id, partition],
    ).fetchone()
    return (row[0] if row else None) or 0


def waiting(con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]) -> int:
    """Number of records on the topic that are not in the ledger."""
    recorded = _recorded(con, topic)
    ends = {partition: recorded.get(partition, (0, 0))[1] for partition in found}
    return sum(max(marks.high - max(ends[number], marks.low), 0) for number, marks in found.items())
