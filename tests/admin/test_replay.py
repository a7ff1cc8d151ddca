"""What is decoded again moves exactly once, next to a loader too, and the audit stays clean."""

import datetime as dt
from pathlib import Path

import duckdb
import msgspec
import pytest

from pipelines.admin.audit import audit
from pipelines.admin.reprocess.replay import Replayer, ReplayResult, ReplaySelection
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.lake.connection import open_lake
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.loader import ConcurrentLoaderError
from tests.support.events import BROKEN, queued
from tests.support.faults import refusing, without_contract
from tests.support.lake_fixtures import MakeLoader
from tests.support.rows import LOADED_AT, raw_batch

LATER = LOADED_AT + dt.timedelta(days=1)
REBUILD = ReplaySelection("rebuild", "d.event_type = ?", ["CONVERSATION_QUEUED"])
REPLAY = ReplaySelection("replay")


def refused(*bodies: bytes) -> DecodedBatch:
    return refusing("CONVERSATION_QUEUED", raw_batch(*bodies))


def generic(*bodies: bytes) -> DecodedBatch:
    return without_contract("CONVERSATION_QUEUED", raw_batch(*bodies))


def reloader(lake: duckdb.DuckDBPyConnection, tmp_path: Path) -> Replayer:
    return Replayer(lake, WriterLock(tmp_path), holder="test", organizations={}, clock=lambda: LATER)


def count(lake: duckdb.DuckDBPyConnection, table: str) -> int:
    row = lake.execute(f"SELECT count(*) FROM wh.{table}").fetchone()
    assert row is not None
    return int(row[0])


def test_events_move_to_the_table_of_a_new_contract(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    make_loader().load(generic(queued(1), queued(2), queued(1)))
    assert count(lake, "events.generic") == 2
    done = reloader(lake, tmp_path).reload(REBUILD)
    assert (done.loaded, done.refused, done.tables) == (2, {}, ("conversation_queued",))
    assert (count(lake, "events.generic"), count(lake, "events.conversation_queued")) == (0, 2)
    ledger = lake.execute(
        'SELECT outcome, reason, contract_version, loaded_at FROM wh.ledger.deliveries ORDER BY "offset"'
    ).fetchall()
    assert ledger == [
        ("loaded", None, 1, LOADED_AT),
        ("loaded", None, 1, LOADED_AT),
        ("duplicate", "same_event", None, LOADED_AT),
    ]
    assert lake.execute("SELECT DISTINCT batch_id FROM wh.events.conversation_queued").fetchall() == [(2,)]
    assert audit(lake, None, None).findings == ()


def test_again_and_again_changes_nothing(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    make_loader().load(decode_batch(raw_batch(queued(1), queued(2, extra={"deep": [1]}))))
    before = lake.execute(
        "SELECT * EXCLUDE (batch_id) FROM wh.events.conversation_queued ORDER BY ALL"
    ).fetchall()
    for _ in range(2):
        assert reloader(lake, tmp_path).reload(REBUILD).loaded == 2
    after = lake.execute(
        "SELECT * EXCLUDE (batch_id) FROM wh.events.conversation_queued ORDER BY ALL"
    ).fetchall()
    assert after == before
    assert audit(lake, None, None).findings == ()


def test_replay_takes_out_of_quarantine_once(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader = make_loader()
    loader.load(refused(queued(1), queued(1), queued(2), BROKEN))
    loader.load(decode_batch(raw_batch(queued(2), start=4)))
    assert count(lake, "quarantine.records") == 4
    done = reloader(lake, tmp_path).reload(REPLAY)
    assert done == ReplayResult(1, 2, {"$: Input data was truncated": 1}, ("conversation_queued",))
    assert lake.execute(
        'SELECT "offset", outcome, reason, loaded_at = ? FROM wh.ledger.deliveries ORDER BY "offset"', [LATER]
    ).fetchall() == [
        (0, "loaded", None, True),
        (1, "duplicate", "same_event", True),
        (2, "duplicate", "same_event", True),
        (3, "quarantined", "json", False),
        (4, "loaded", None, False),
    ]
    assert (count(lake, "quarantine.records"), count(lake, "events.conversation_queued")) == (1, 2)
    assert audit(lake, None, None).findings == ()
    again = reloader(lake, tmp_path).reload(REPLAY)
    assert (again.loaded, again.duplicate, again.records) == (0, 0, 1)


def test_a_running_loader_knows_what_a_replay_has_loaded(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader = make_loader()
    loader.load(refused(queued(1)))
    with open_lake(tmp_path / "warehouse") as other:
        assert reloader(other, tmp_path).reload(REPLAY).loaded == 1
    done = loader.load(decode_batch(raw_batch(queued(1), queued(3), start=1)))
    assert (done.loaded, done.duplicate) == (1, 1)
    assert audit(lake, None, None).findings == ()


def test_a_second_loader_is_still_noticed(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    first, second = make_loader(), make_loader()
    first.load(decode_batch(raw_batch(queued(1))))
    reloader(lake, tmp_path).reload(REBUILD)
    with pytest.raises(ConcurrentLoaderError):
        second.load(decode_batch(raw_batch(queued(2), start=1)))


def test_what_a_contract_refuses_now_stays_where_it_is(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    wrong = msgspec.json.encode(
        {"event": "CONVERSATION_QUEUED", "eventId": "w", "data": {"organizationId": "o-1", "recordId": 5}}
    )
    make_loader().load(generic(wrong, queued(1)))
    done = reloader(lake, tmp_path).reload(REBUILD)
    assert (done.loaded, done.refused) == (1, {"$.data.recordId: Expected `str`, got `int`": 1})
    assert (count(lake, "events.generic"), count(lake, "events.conversation_queued")) == (1, 1)
    assert audit(lake, None, None).findings == ()


def test_only_what_is_asked_for_is_moved(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    make_loader().load(refused(queued(1), queued(2)))
    delivery = lake.execute('SELECT delivery_id FROM wh.ledger.deliveries WHERE "offset" = 1').fetchone()
    assert delivery is not None
    done = reloader(lake, tmp_path).reload(ReplaySelection("replay", "d.delivery_id = ?", list(delivery)))
    assert done.records == done.loaded == 1
    assert count(lake, "quarantine.records") == 1
