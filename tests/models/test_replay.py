"""A replay that finds an older delivery of a known event moves it to the day it was first received."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.decode.decoded_batch import decode_batch
from pipelines.decode.decoder import Decoded, DecodeFailure, ProviderDecoder, decoder_of
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.loader import Loader
from tests.support.models.small_lake import SmallLake
from tests.support.rows import LOADED_AT, raw_batch, with_headers

BODY = json.dumps(
    {"eventType": "BOOK", "meetData": {"_id": "m-1", "appId": "o", "status": "ACTIVE"}}
).encode()


class Refusing(ProviderDecoder):
    """Orufy's decoder as it was while a contract was wrong."""

    def __init__(self) -> None:
        known = decoder_of("orufy")
        assert known is not None
        super().__init__(known.provider)

    def decode(self, body: bytes, source: str | None = None, message_id: str | None = None) -> Decoded:
        return DecodeFailure(super().decode(body, source, message_id).identity, "contract", ())


def received(day: int, offset: int) -> RawBatch:
    raw = raw_batch(BODY, provider="orufy", source="orufy-main", start=offset)
    return with_headers(raw, received_at=[f"2026-03-{day:02}T00:00:00.000000Z".encode()])


def booked_on(lake: SmallLake) -> list[str]:
    return [row["day"] for row in lake.rows("SELECT booked_at::DATE::TEXT AS day FROM wh.entities.bookings")]


def test_an_incremental_build_after_a_replay_equals_a_full_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = SmallLake(tmp_path)
    clock = iter(LOADED_AT + dt.timedelta(seconds=n) for n in range(100)).__next__
    loader = Loader(lake.con, {}, holder="test", organizations={}, rejects=None, clock=clock)
    with monkeypatch.context() as patch:
        refusing = Refusing()
        patch.setattr("pipelines.decode.decoder.decoder_of", lambda _: refusing)
        assert loader.load(decode_batch(received(11, 0))).quarantined == 1
    assert loader.load(decode_batch(received(15, 1))).loaded == 1
    lake.build()
    assert booked_on(lake) == ["2026-03-15"]
    writer_lock = WriterLock(lake.settings.warehouse)
    reloader = Replayer(lake.con, writer_lock, holder="replay", organizations={}, clock=clock)
    assert reloader.reload(ReplaySelection("replay")).duplicate == 1
    lake.build()
    assert booked_on(lake) == ["2026-03-11"]
    kept = lake.rows("FROM wh.entities.bookings")
    lake.build(full_refresh=True)
    assert lake.rows("FROM wh.entities.bookings") == kept
    lake.con.close()
