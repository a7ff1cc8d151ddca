"""Rejects: when they stop the load, over any number of loaders, and which are the same delivery once more."""

import datetime as dt
from collections import deque
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.decode.decoder import DecodeFailure, Identity
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.reject_history import committed_windows, quarantined_among
from pipelines.load.reject_limit import RejectLimit, TooManyRejects
from tests.support.erasures import erase, everything, suppressing
from tests.support.events import BROKEN, queued
from tests.support.faults import refusing
from tests.support.lake_fixtures import MakeLoader
from tests.support.people import EMAIL, popp
from tests.support.rows import LOADED_AT, raw_batch

Lake = duckdb.DuckDBPyConnection
REPLAY = ReplaySelection("replay")
SAME = ("duplicate", "same_delivery")


def batch(*bodies: bytes, start: int = 0, source: str = "popp") -> DecodedBatch:
    return decode_batch(raw_batch(*bodies, start=start, source=source))


def limit() -> RejectLimit:
    return RejectLimit(share=0.2, minimum=50)


def refused(raw: RawBatch) -> DecodedBatch:
    return refusing("CONVERSATION_QUEUED", raw)


def unnamed(raw: RawBatch) -> DecodedBatch:
    """Records of which not even the event key could be read."""
    found = decode_batch(raw)
    found.decoded[:] = [DecodeFailure(Identity(), "identity", ())] * len(found.decoded)
    return found


def again(raw: RawBatch, start: int, *bodies: bytes) -> RawBatch:
    """The same deliveries once more, further on the topic, perhaps with other bodies."""
    found = raw_batch(*(bodies or raw.bodies), start=start)
    found.headers["delivery_id"][:] = raw.headers["delivery_id"]
    return found


def replayed(lake: Lake, tmp_path: Path) -> tuple[int, int, int]:
    """What a replay of everything has loaded, found to be duplicates, and left."""
    later = LOADED_AT + dt.timedelta(days=1)
    reloader = Replayer(lake, WriterLock(tmp_path), holder="test", organizations={}, clock=lambda: later)
    done = reloader.reload(REPLAY)
    return done.loaded, done.duplicate, sum(done.refused.values())


def outcomes(lake: Lake) -> list[tuple[str, str | None]]:
    return lake.execute('SELECT outcome, reason FROM wh.ledger.deliveries ORDER BY "offset"').fetchall()


def found_wrong(lake: Lake) -> set[str]:
    return {finding.check for finding in audit(lake, None, None).findings}


def test_the_rejects_of_an_earlier_loader_count(lake: Lake, make_loader: MakeLoader) -> None:
    make_loader(rejects=limit()).load(batch(*[BROKEN] * 30))
    loader = make_loader(rejects=limit())
    with pytest.raises(TooManyRejects, match="50 of the last 50 records of source popp"):
        loader.load(batch(*[BROKEN] * 30, start=30))
    assert outcomes(lake) == [("quarantined", "json")] * 30
    loader.load(batch(*[BROKEN] * 30, source="other", start=30))


def test_after_accepted_rejects_only_a_new_one_stops_the_load(make_loader: MakeLoader) -> None:
    make_loader().load(batch(*[BROKEN] * 60))
    loader = make_loader(rejects=limit())
    loader.load(batch(queued(1), start=60))
    with pytest.raises(TooManyRejects, match="61 of the last 62"):
        loader.load(batch(BROKEN, start=61))
    loader.load(batch(*[queued(n) for n in range(2, 260)], start=61))
    assert make_loader(rejects=limit()).load(batch(BROKEN, start=319)).quarantined == 1


def test_what_was_replayed_is_no_reject_any_more(lake: Lake, make_loader: MakeLoader, tmp_path: Path) -> None:
    make_loader().load(refused(raw_batch(*[queued(n) for n in range(60)])))
    assert replayed(lake, tmp_path) == (60, 0, 0)
    assert make_loader(rejects=limit()).load(batch(BROKEN, start=60)).quarantined == 1


def test_a_loader_looks_back_so_far(
    lake: Lake, make_loader: MakeLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert committed_windows(lake) == {}
    loader = make_loader()
    loader.load(batch(*[BROKEN] * 9, source="rare"))
    for number in range(4):
        loader.load(batch(*[queued(number)] * 300, BROKEN, start=9 + 301 * number))
    found = committed_windows(lake)
    assert {source: (len(window), sum(window)) for source, window in found.items()} == {
        "rare": (9, 9),
        "popp": (1000, 4),
    }
    assert (found["popp"][-1], found["popp"][-2]) == (True, False)
    assert [len(window) for window in look_back(lake, monkeypatch, BATCHES_BACK=2)] == [602]
    assert [len(window) for window in look_back(lake, monkeypatch, RECORDS_BACK=301)] == [301]


def look_back(lake: Lake, monkeypatch: pytest.MonkeyPatch, **limits: int) -> list[deque[bool]]:
    for name, far in limits.items():
        monkeypatch.setattr(f"pipelines.load.reject_history.{name}", far)
    return list(committed_windows(lake).values())


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("decode", [decode_batch, refused, unnamed])
def test_a_rejected_delivery_that_was_written_twice_is_kept_once(
    lake: Lake, make_loader: MakeLoader, decode: Callable[[RawBatch], DecodedBatch], restarted: bool
) -> None:
    loader, raw = make_loader(), raw_batch(BROKEN if decode is decode_batch else queued(1))
    loader.load(decode(raw))
    if restarted:
        loader = make_loader()
    loader.load(decode(again(raw, 1)))
    first, second = outcomes(lake)
    assert (first[0], second) == ("quarantined", SAME)
    assert lake.execute('SELECT "offset" FROM wh.quarantine.records').fetchall() == [(0,)]
    assert lake.execute("SELECT count(*) FROM wh.ledger.bodies").fetchall() == [(0,)]
    assert found_wrong(lake) == set()


def test_the_second_of_the_same_batch_is_no_reject_either(lake: Lake, make_loader: MakeLoader) -> None:
    raw = raw_batch(*[BROKEN] * 20)
    raw.headers["delivery_id"][1:] = raw.headers["delivery_id"][:1] * 19
    make_loader(rejects=RejectLimit(share=0.0, minimum=2)).load(decode_batch(raw))
    assert outcomes(lake) == [("quarantined", "json"), *[SAME] * 19]
    assert found_wrong(lake) == set()


def test_another_body_or_no_id_is_another_delivery(lake: Lake, make_loader: MakeLoader) -> None:
    raw = raw_batch(BROKEN, BROKEN)
    raw.headers["delivery_id"][1] = None
    loader = make_loader()
    loader.load(decode_batch(raw))
    loader.load(decode_batch(again(raw, 2, BROKEN + b"1", BROKEN)))
    loader.load(batch(BROKEN, start=4))
    assert {outcome for outcome, _ in outcomes(lake)} == {"quarantined"}
    assert len(outcomes(lake)) == 5


def test_the_first_is_replayed_and_the_second_stays_its_duplicate(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader, raw = make_loader(), raw_batch(queued(1))
    loader.load(refused(raw))
    loader.load(refused(again(raw, 1)))
    assert replayed(lake, tmp_path) == (1, 0, 0)
    loader.load(refused(again(raw, 2)))
    assert outcomes(lake) == [("loaded", None), SAME, SAME]
    assert replayed(lake, tmp_path) == (0, 0, 0)
    assert found_wrong(lake) == set()


def test_the_second_is_read_by_a_mended_contract_and_the_first_becomes_its_duplicate(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader, raw = make_loader(), raw_batch(queued(1))
    loader.load(refused(raw))
    loader.load(refused(again(raw, 1)))
    loader.load(decode_batch(again(raw, 2)))
    assert [outcome for outcome, _ in outcomes(lake)] == ["quarantined", "duplicate", "loaded"]
    assert found_wrong(lake) == set()
    assert replayed(lake, tmp_path) == (0, 1, 0)
    assert outcomes(lake) == [SAME, SAME, ("loaded", None)]
    assert found_wrong(lake) == set()


def test_the_first_is_found_to_be_a_duplicate_of_another_delivery(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader, raw = make_loader(), raw_batch(queued(1))
    loader.load(unnamed(raw))
    loader.load(unnamed(again(raw, 1)))
    loader.load(batch(queued(1), start=2))
    assert replayed(lake, tmp_path) == (0, 1, 0)
    assert outcomes(lake) == [("duplicate", "same_event"), SAME, ("loaded", None)]
    assert found_wrong(lake) == set()


def test_an_erased_reject_is_the_first_still(lake: Lake, tmp_path: Path) -> None:
    raw = raw_batch(popp("CONVERSATION_QUEUED", 1, recordId=5, candidateId=EMAIL))
    suppressing(lake, LOADED_AT).load(decode_batch(raw))
    assert erase(lake, tmp_path).positions
    suppressing(lake).load(decode_batch(again(raw, 1)))
    assert outcomes(lake) == [("quarantined", "contract"), SAME]
    assert EMAIL not in everything(lake)
    assert found_wrong(lake) == set()


def test_a_replay_moves_only_what_can_be_read(lake: Lake, make_loader: MakeLoader, tmp_path: Path) -> None:
    """Two of one delivery in quarantine, as earlier releases kept them."""
    make_loader().load(batch(BROKEN, BROKEN))
    lake.execute("UPDATE wh.ledger.deliveries SET delivery_id = 'd'")
    lake.execute("UPDATE wh.quarantine.records SET delivery_id = 'd'")
    assert replayed(lake, tmp_path) == (0, 0, 2)


@pytest.mark.parametrize(
    "harm",
    [
        "SET delivery_id = 'other' WHERE \"offset\" = 1",
        "SET body_sha256 = 'other' WHERE \"offset\" = 1",
        'SET delivery_id = NULL WHERE "offset" = 1',
        "SET reason = 'same_event' WHERE \"offset\" = 1",
        'SET reason = NULL WHERE "offset" = 1',
        "SET outcome = 'duplicate', reason = 'same_delivery' WHERE \"offset\" = 0",
    ],
)
def test_a_duplicate_of_no_delivery_is_found(lake: Lake, make_loader: MakeLoader, harm: str) -> None:
    raw = raw_batch(BROKEN)
    loader = make_loader()
    loader.load(decode_batch(raw))
    loader.load(decode_batch(again(raw, 1)))
    assert found_wrong(lake) == set()
    lake.execute(f"UPDATE wh.ledger.deliveries {harm}")
    assert "duplicates have a first" in found_wrong(lake)


def test_nothing_is_asked_of_the_lake_without_a_reject() -> None:
    nobody: Lake = None  # type: ignore[assignment]
    assert quarantined_among(nobody, {}) == set()
