"""Audit checks that compare the offsets of the ledger with those on the topic."""

from collections.abc import Iterator, Mapping

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.ingest.topic_admin import TopicInfo, Watermarks

CHECK = "ledger and topic agree"


def topic_findings(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> Iterator[AuditFinding]:
    """Yield the differences between ledger and topic by partition; one that was never loaded starts at 0."""
    recorded = _recorded_offsets(con, topic)
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
        if low < (passed := _end_of_accepted_loss(con, topic, partition)):
            yield AuditFinding(CHECK, where, "accepted as lost, and still on the topic", passed - low)


def gone_findings(con: duckdb.DuckDBPyConnection, topic: str, why: str) -> Iterator[AuditFinding]:
    """Yield the partitions of the last loaded topic of this name, which no longer exists.

    Their `records` count what was not loaded from that topic.
    """
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


def _recorded_offsets(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, int]]:
    """Return `(first_offset, next_offset)` of the ledger by partition, including accepted losses."""
    rows = con.execute(
        """
        SELECT partition, min(first_offset), max(next_offset) FROM wh.ledger.offsets
        WHERE topic_id = ? AND first_offset IS NOT NULL AND next_offset IS NOT NULL
        GROUP BY partition ORDER BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    return {partition: (first, end) for partition, first, end in rows}


def _end_of_accepted_loss(con: duckdb.DuckDBPyConnection, topic: TopicInfo, partition: int) -> int:
    """Return the offset after the last accepted loss, at which the topic began then; 0 without a loss."""
    row = con.execute(
        "SELECT max(next_offset) FROM wh.ledger.offsets WHERE topic_id = ? AND partition = ? AND records = 0",
        [topic.topic_id, partition],
    ).fetchone()
    return (row[0] if row else None) or 0


def waiting(con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]) -> int:
    """Count the records on the topic that are not in the ledger."""
    recorded = _recorded_offsets(con, topic)
    ends = {partition: recorded.get(partition, (0, 0))[1] for partition in found}
    return sum(max(marks.high - max(ends[number], marks.low), 0) for number, marks in found.items())
