"""Records that Kafka lost before they were loaded: accepted by an operator, recorded forever, never skipped.

An accepted loss is a commit of its own: the offsets continue behind the lost records, in `ledger.offsets`
without records, which the audit counts.
"""

import datetime as dt
from collections.abc import Iterator, Mapping

import duckdb
import polars as pl

from pipelines.ingest.topic_admin import TopicInfo, Watermarks
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import OFFSETS
from pipelines.lake.transaction import in_transaction
from pipelines.load.table_writes import batch_without_records, insert

LOSS = "loss"
"""The kind of a batch that records an accepted loss."""


def accept_loss(
    con: duckdb.DuckDBPyConnection,
    topic: TopicInfo,
    stored: Mapping[int, int],
    found: Mapping[int, Watermarks],
    *,
    holder: str,
    now: dt.datetime,
) -> dict[int, int]:
    """The positions behind what is lost, recorded in the lake; of a topic recreated nothing is `stored`."""
    moves = list(_moves(stored, found))
    if moves:
        in_transaction(con, lambda: _record(con, topic, moves, holder, now))
    return {**stored, **{partition: low for partition, _, low in moves}}


def _moves(stored: Mapping[int, int], found: Mapping[int, Watermarks]) -> Iterator[tuple[int, int, int]]:
    """Partition, where it was to continue, where it continues."""
    for partition, marks in found.items():
        position = stored.get(partition, 0)
        if position < marks.low or not stored:
            yield partition, position, marks.low


def _record(
    con: duckdb.DuckDBPyConnection,
    topic: TopicInfo,
    moves: list[tuple[int, int, int]],
    holder: str,
    now: dt.datetime,
) -> None:
    last = last_batch(con)
    insert(con, "ledger.batches", batch_without_records(LOSS, last, now, holder))
    offsets = [
        {
            "topic_id": topic.topic_id,
            "topic": topic.topic,
            "partition": partition,
            "first_offset": first,
            "next_offset": low,
            "records": 0,
            "batch_id": last.batch_id + 1,
        }
        for partition, first, low in moves
    ]
    insert(con, "ledger.offsets", pl.DataFrame(offsets, schema=dict(OFFSETS)))
