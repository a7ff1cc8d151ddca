"""Thirty conversations written by hand against the numbers worked out (support/models/hand_checked)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.raw_batch import RawBatch
from pipelines.load.loader import Loader
from tests.support.models.hand_checked.compare import differences
from tests.support.models.hand_checked.expected import Cells, Rows, expectations
from tests.support.models.hand_checked.raw import ORGANIZATION, Sent, deliveries
from tests.support.models.small_lake import SmallLake
from tests.support.rows import LOADED_AT, raw_batch, with_headers

ASKED_AT = "2026-03-20T12:00:00Z"
TIME_ZONE = "America/New_York"
EXPECTED = expectations()
RATE_MARTS = 8


def as_written() -> list[list[Sent]]:
    return [deliveries()]


def reversed_and_repeated() -> list[list[Sent]]:
    """The last event first, each twice: first as it came again three hours later. In two halves."""
    late = dt.timedelta(hours=3)
    sent = [
        copy
        for one in reversed(deliveries())
        for copy in (replace(one, received_at=one.received_at + late), one)
    ]
    return [sent[: len(sent) // 2], sent[len(sent) // 2 :]]


ORDERS = {"as written": as_written, "reversed, each twice": reversed_and_repeated}


def raw(sent: Sequence[Sent], start: int) -> RawBatch:
    """Deliveries as the topic would hold them."""
    return with_headers(
        raw_batch(*(one.body for one in sent), start=start),
        source=[f"{one.provider}-main".encode() for one in sent],
        provider=[one.provider.encode() for one in sent],
        received_at=[f"{one.received_at:%Y-%m-%dT%H:%M:%S}.000000Z".encode() for one in sent],
    )


@pytest.fixture(scope="module", params=ORDERS)
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """The deliveries through the real decoder and loader, with the models built after each batch."""
    lake = SmallLake(tmp_path_factory.mktemp("hand_checked"), now=ASKED_AT, time_zone=TIME_ZONE)
    clock = iter(LOADED_AT + dt.timedelta(seconds=second) for second in range(1000)).__next__
    listed = {"popp-main": frozenset({ORGANIZATION})}
    loader = Loader(lake.con, {}, holder="test", organizations=listed, rejects=None, clock=clock)
    start = 0
    for sent in ORDERS[request.param]():
        loaded = loader.load(decode_batch(raw(sent, start)))
        assert loaded.quarantined == 0
        lake.build(set(loaded.tables))
        start += len(sent)
    yield lake
    lake.con.close()


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.name)
def test_every_number_is_the_one_worked_out_by_hand(lake: SmallLake, expected: Cells | Rows) -> None:
    found = differences(lake, expected)
    assert not found, "\n".join([f"{len(found)} differences in {expected.name}:", *found])


def test_every_metric_of_the_rate_marts_was_worked_out(lake: SmallLake) -> None:
    said = {
        (row["mart"], row["metric"])
        for row in lake.rows("SELECT DISTINCT mart, metric FROM wh.marts.members")
    }
    worked_out = {(one.mart, one.metric) for one in EXPECTED if isinstance(one, Cells)}
    assert len({mart for mart, _ in worked_out}) == RATE_MARTS
    assert {pair for pair in said if pair[0].endswith(("_cohort", "_activity"))} == worked_out
