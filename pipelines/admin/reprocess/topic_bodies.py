"""Loaded records with their bodies from the topic instead of the lake.

The topic must have every record of the ledger, with the body that was delivered. The body of an erased record
is read from the lake, where it is redacted.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import duckdb
import polars as pl

from pipelines.admin.reprocess.stored_bodies import SLICE_RECORDS, records_at
from pipelines.errors import HirestreamError
from pipelines.ingest.consumer import TopicReader
from pipelines.ingest.raw_batch import RawBatch
from pipelines.ingest.topic_admin import TopicInfo, Watermarks, watermarks
from receiver.settings import KafkaSettings

QUIET_SECONDS = 30.0
"""Time without a message after which the records that were not read count as missing."""


@dataclass(frozen=True, slots=True)
class MissingRecord:
    """Range of offsets with ledger records that cannot be read from the topic; `records` is their number."""

    topic_id: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    why: str


class NotOnTopic(HirestreamError):
    """Raised when the topic lacks records of the ledger; no table was changed."""

    def __init__(self, missing: list[MissingRecord]) -> None:
        records = sum(each.records for each in missing)
        super().__init__(f"the topic does not hold {records} records of the ledger; nothing was changed")
        self.missing = missing


def missing_from(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo | None, marks: Mapping[int, Watermarks]
) -> list[MissingRecord]:
    """Return the ledger records outside the watermarks of the topic, by topic id, partition and reason."""
    topic_id = topic.topic_id if topic else None
    lows = [(number, found.low, found.high) for number, found in marks.items()]
    schema = {"partition": pl.Int64, "low": pl.Int64, "high": pl.Int64}
    con.register("marks", pl.DataFrame(lows, schema=schema, orient="row"))
    found = con.execute(
        """
        SELECT topic_id, partition, min("offset"), max("offset"), count(*),
            CASE WHEN topic_id IS DISTINCT FROM ? THEN 'loaded from another topic'
                WHEN low IS NULL THEN 'the partition is gone'
                WHEN "offset" < low THEN 'deleted by retention' ELSE 'beyond the end of the topic' END AS why
        FROM wh.ledger.deliveries LEFT JOIN marks USING (partition)
        WHERE topic_id IS DISTINCT FROM ? OR low IS NULL OR "offset" NOT BETWEEN low AND high - 1
        GROUP BY topic_id, partition, why ORDER BY ALL
        """,
        [topic_id, topic_id],
    ).fetchall()
    con.unregister("marks")
    return [MissingRecord(*row) for row in found]


def records_of_topic(
    con: duckdb.DuckDBPyConnection, kafka: KafkaSettings, topic: TopicInfo, marks: Mapping[int, Watermarks]
) -> Iterator[pl.DataFrame]:
    """Yield every loaded record with its body from the topic, in frames.

    Raises `NotOnTopic` at the end when a record was missing or had another body, `TopicMismatch` and
    `Unavailable` as `TopicReader` does.
    """
    ranges = _ledger_ranges(con, topic)
    starts = {number: found.high for number, found in marks.items()}
    starts |= {number: first for number, (first, _, _) in ranges.items()}
    counted: Counter[int] = Counter()
    differing: list[MissingRecord] = []
    with TopicReader(kafka, topic, starts) as reader:
        for batch in _batches(reader, {number: last for number, (_, last, _) in ranges.items()}):
            rows = _join_ledger(con, batch)
            places = rows.select("partition", "offset").iter_rows()
            counted.update(p for p, offset in places if p in ranges and offset <= ranges[p][1])
            differing += _differing_bodies(rows)
            yield _loaded_rows(con, rows)
    gaps = [
        MissingRecord(
            topic.topic_id, number, first, last, records - counted[number], "not found on the topic"
        )
        for number, (first, last, records) in ranges.items()
        if counted[number] < records
    ]
    if gaps:
        watermarks(kafka, topic)  # raises `Unavailable` when Kafka is down: then nothing is missing
    if differing or gaps:
        raise NotOnTopic([*differing, *gaps])


def _ledger_ranges(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, int, int]]:
    """Return `(first offset, last offset, number of records)` of the ledger by partition."""
    rows = con.execute(
        """
        SELECT partition, min("offset"), max("offset"), count(*) FROM wh.ledger.deliveries
        WHERE topic_id = ? GROUP BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    return {partition: (first, last, records) for partition, first, last, records in rows}


def _batches(reader: TopicReader, lasts: Mapping[int, int]) -> Iterator[RawBatch]:
    """Yield batches until the last offset of every partition is read, or no message comes any more."""
    open_partitions, last_message_at = dict(lasts), time.monotonic()
    while open_partitions and time.monotonic() - last_message_at < QUIET_SECONDS:
        batch = reader.read(SLICE_RECORDS, 1.0)
        if len(batch):
            yield batch
            last_message_at = time.monotonic()
        for partition, offset in zip(batch.partitions, batch.offsets, strict=True):
            if offset >= open_partitions.get(partition, offset + 1):
                del open_partitions[partition]


def _join_ledger(con: duckdb.DuckDBPyConnection, batch: RawBatch) -> pl.DataFrame:
    """Return the ledger rows of the messages in a batch, with the bodies of the batch."""
    columns = {"partition": batch.partitions, "offset": batch.offsets, "body": batch.bodies}
    schema = {"partition": pl.Int64, "offset": pl.Int64, "body": pl.Binary}
    con.register("messages", pl.DataFrame(columns, schema=schema))
    rows = con.execute(
        f"""
        SELECT d.*, messages.body FROM (
            FROM wh.ledger.deliveries
            WHERE topic_id = ? AND "offset" BETWEEN {min(batch.offsets):d} AND {max(batch.offsets):d}
        ) AS d JOIN messages USING (partition, "offset") ORDER BY d.batch_id, partition, "offset"
        """,  # noqa: S608 - numbers, written out so that DuckLake picks files by them
        [batch.topic_id],
    ).pl()
    con.unregister("messages")
    return rows


def _differing_bodies(rows: pl.DataFrame) -> list[MissingRecord]:
    hashes = [sha256(body).hexdigest() for body in rows["body"].to_list()]
    other = rows.filter(pl.Series(hashes, dtype=pl.String) != rows["body_sha256"])
    return [
        MissingRecord(topic_id, partition, offset, offset, 1, "another body than the one that was delivered")
        for topic_id, partition, offset in other.select("topic_id", "partition", "offset").iter_rows()
    ]


def _loaded_rows(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> pl.DataFrame:
    loaded = rows.filter(pl.col("outcome") == "loaded")
    erased = loaded.filter(pl.col("erased_at").is_not_null())
    if not erased.height:
        return loaded
    kept = records_at(con, erased.select("topic_id", "partition", "offset", "batch_id"))
    return pl.concat([loaded.filter(pl.col("erased_at").is_null()), kept])
