"""A duplicate is one however late it comes, and by whatever way."""

from dataclasses import replace

import duckdb
import pytest

from pipelines.flatten.batch import DecodedBatch, decode_batch
from pipelines.warehouse.audit import audit
from tests.flatten.rows import raw_batch
from tests.warehouse.conftest import MakeLoader
from tests.warehouse.events import queued

BETWEEN = 40
"""Batches between the first and the second."""
OUTCOMES = 'SELECT outcome, reason FROM wh.ledger.deliveries WHERE batch_id > ? ORDER BY partition, "offset"'


def late(*bodies: bytes, start: int, partition: int = 0, topic_id: str = "topic-id") -> DecodedBatch:
    raw = raw_batch(*bodies, start=start)
    return decode_batch(replace(raw, topic_id=topic_id, partitions=[partition] * len(raw)))


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    ("partition", "topic_id"), [(0, "topic-id"), (5, "topic-id"), (0, "made-anew")], ids=str
)
def test_an_old_event_is_a_duplicate_wherever_it_comes_from(
    lake: duckdb.DuckDBPyConnection,
    make_loader: MakeLoader,
    partition: int,
    topic_id: str,
    restarted: bool,
) -> None:
    loader = make_loader()
    first = late(queued("old"), start=0)
    loader.load(first)
    for number in range(1, BETWEEN):
        loader.load(late(queued(number), start=number))
    if restarted:
        loader = make_loader()
    again = late(queued("old"), queued("old", x=1), queued("new"), start=500, partition=partition, topic_id=topic_id)
    same = late(queued("old"), start=503, partition=partition, topic_id=topic_id)
    same.raw.delivery_ids[0] = first.raw.delivery_ids[0]
    loader.load(again)
    loader.load(decode_batch(same.raw))
    assert lake.execute(OUTCOMES, [BETWEEN]).fetchall() == [
        ("duplicate", "same_event"),
        ("duplicate", "body_differs"),
        ("loaded", None),
        ("duplicate", "same_delivery"),
    ]
    assert audit(lake, None, None).findings == ()
