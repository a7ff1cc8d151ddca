"""A duplicate is one however late it comes, and by whatever way."""

from dataclasses import replace

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from tests.support.events import queued
from tests.support.lake_fixtures import MakeLoader
from tests.support.rows import raw_batch

HOME = (0, "topic-id")
"""Partition and topic id of what came first."""

BETWEEN = 10
"""Batches between the first and the second."""
OUTCOMES = 'SELECT outcome, reason FROM wh.ledger.deliveries WHERE batch_id > ? ORDER BY partition, "offset"'


def late(*bodies: bytes, start: int, place: tuple[int, str] = HOME) -> DecodedBatch:
    raw = raw_batch(*bodies, start=start)
    return decode_batch(replace(raw, partitions=[place[0]] * len(raw), topic_id=place[1]))


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("place", [HOME, (5, "topic-id"), (0, "made-anew")], ids=str)
def test_an_old_event_is_a_duplicate_wherever_it_comes_from(
    lake: duckdb.DuckDBPyConnection,
    make_loader: MakeLoader,
    place: tuple[int, str],
    restarted: bool,
) -> None:
    loader = make_loader()
    first = late(queued("old"), start=0)
    loader.load(first)
    for number in range(1, BETWEEN):
        loader.load(late(queued(number), start=number))
    if restarted:
        loader = make_loader()
    start = BETWEEN if place == HOME else 0
    again = late(queued("old"), queued("old", x=1), queued("new"), start=start, place=place)
    same = late(queued("old"), start=start + 3, place=place)
    same.raw.headers["delivery_id"][0] = first.raw.headers["delivery_id"][0]
    loader.load(again)
    loader.load(decode_batch(same.raw))
    assert lake.execute(OUTCOMES, [BETWEEN]).fetchall() == [
        ("duplicate", "same_event"),
        ("duplicate", "body_differs"),
        ("loaded", None),
        ("duplicate", "same_delivery"),
    ]
    made_anew = place[1] != HOME[1]
    assert {found.check for found in audit(lake, None, None).findings} == (
        {"one topic"} if made_anew else set()
    )
