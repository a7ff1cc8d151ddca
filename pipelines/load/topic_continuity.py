"""Return whether the topic still holds what was loaded last: a log that lost its end may have grown since."""

import time
from collections.abc import Mapping
from hashlib import sha256

import duckdb

from pipelines.errors import TopicMismatch, Unavailable
from pipelines.ingest.consumer import TopicReader
from pipelines.ingest.topic_admin import TopicInfo, Watermarks
from receiver.settings import KafkaSettings

READ_SECONDS = 20.0


def check_last_records(
    con: duckdb.DuckDBPyConnection, kafka: KafkaSettings, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> None:
    """Raises `TopicMismatch` where another record is at the offset that was loaded last, `Unavailable`."""
    for partition, offset in sorted(replaced_records(con, kafka, topic, found).items()):
        raise TopicMismatch(
            f"partition {partition}: offset {offset} was loaded and holds another record now; the topic was "
            "truncated or restored and has grown since, so that records up to there were never loaded. Point "
            "hirestream at the topic it has loaded from; else see docs/operations.md#a-truncated-topic"
        )


def replaced_records(
    con: duckdb.DuckDBPyConnection, kafka: KafkaSettings, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> dict[int, int]:
    """By partition the last loaded offset, where the topic has other bytes there than were loaded.

    Of the partitions that still have it. Raises `TopicMismatch` and `Unavailable` as the reader does.
    """
    last = {
        partition: (offset, body_sha256)
        for partition, (offset, body_sha256) in _last_records(con, topic).items()
        if partition in found and found[partition].low <= offset < found[partition].high
    }
    if not last:
        return {}
    starts = {partition: marks.high for partition, marks in found.items()}
    starts |= {partition: offset for partition, (offset, _) in last.items()}
    replaced, deadline = {}, time.monotonic() + READ_SECONDS
    with TopicReader(kafka, topic, starts) as reader:
        while last:
            if time.monotonic() > deadline:
                raise Unavailable("Kafka does not give the records that were loaded last; try again later")
            batch = reader.read(1_000, 0.1)
            for partition, offset, body in zip(batch.partitions, batch.offsets, batch.bodies, strict=True):
                wanted = last.get(partition)
                if wanted is None or offset < wanted[0]:
                    continue
                if offset == wanted[0] and sha256(body).hexdigest() != wanted[1]:
                    replaced[partition] = offset
                del last[partition]
    return replaced


def _last_records(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, str]]:
    """By partition the last offset in the ledger and the hash of its body."""
    batches = con.execute(
        """
        SELECT max(batch_id) FROM wh.ledger.offsets WHERE topic_id = ? AND records > 0 GROUP BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    if not batches:
        return {}
    rows = con.execute(
        f"""
        SELECT partition, max("offset"), arg_max(body_sha256, "offset") FROM wh.ledger.deliveries
        WHERE topic_id = ? AND batch_id IN ({", ".join(str(int(batch_id)) for (batch_id,) in batches)})
        GROUP BY partition
        """,  # noqa: S608 - numbers, written out so that DuckLake picks files by them
        [topic.topic_id],
    ).fetchall()
    return {partition: (offset, body_sha256) for partition, offset, body_sha256 in rows}
