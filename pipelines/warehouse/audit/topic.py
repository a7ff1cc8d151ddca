"""The ledger against the topic: what each holds that the other does not."""

from collections.abc import Iterator, Mapping

import duckdb

from pipelines.ingest.topic import TopicInfo, Watermarks
from pipelines.warehouse.audit.findings import Finding


def topic_findings(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> Iterator[Finding]:
    """Where they do not meet, by partition."""
    check = "ledger and topic agree"
    for partition, (first, end) in _recorded(con, topic).items():
        low, high = found[partition].low, found[partition].high
        where = f"{topic.topic}/{partition}"
        if low < first:
            yield Finding(check, where, "records before the first one recorded", first - low)
        if end < low:
            yield Finding(check, where, "deleted by retention before they were loaded: lost", low - end)
        if high < end:
            yield Finding(check, where, "the ledger goes beyond the end of the topic", end - high)


def _recorded(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, int]]:
    """By partition where the load began and where it goes on, behind what was accepted as lost too."""
    rows = con.execute(
        """
        SELECT partition, min(first_offset), max(next_offset) FROM wh.ledger.offsets
        WHERE topic_id = ? GROUP BY partition ORDER BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    return {partition: (first, end) for partition, first, end in rows}


def waiting(con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]) -> int:
    """How many records the topic holds beyond the ledger."""
    recorded = _recorded(con, topic)
    ends = {partition: recorded.get(partition, (0, marks.low))[1] for partition, marks in found.items()}
    return sum(max(marks.high - ends[partition], 0) for partition, marks in found.items())
