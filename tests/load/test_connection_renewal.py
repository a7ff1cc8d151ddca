"""A loader changes its connection now and then, because DuckLake remembers every commit until it ends."""

import datetime as dt
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.connection import open_lake
from pipelines.load import loader as loader_module
from pipelines.load.loader import Loader
from tests.support.events import queued
from tests.support.lakes import empty_lake
from tests.support.rows import LOADED_AT, raw_batch

LOADS = 17


def remembered_bytes(con: duckdb.DuckDBPyConnection) -> int:
    sql = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'"
    ((found,),) = con.execute(sql).fetchall()
    return int(found)


def loaded(home: Path) -> Loader:
    """After loads of one new event and one known since the first."""
    con = empty_lake(home)
    ticks = (LOADED_AT + dt.timedelta(seconds=n) for n in range(LOADS))
    loader = Loader(
        con,
        {},
        holder="test",
        organizations={},
        rejects=None,
        clock=partial(next, ticks),
        reopen=partial(open_lake, home),
    )
    for number in range(LOADS):
        loader.load(decode_batch(raw_batch(queued(0), queued(number), start=2 * number)))
    return loader


def test_a_new_connection_changes_nothing_and_gives_memory_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = loaded(tmp_path / "one")
    monkeypatch.setattr(loader_module, "LOADS_A_CONNECTION", 16)
    several = loaded(tmp_path / "several")
    assert remembered_bytes(several._con) < 0.7 * remembered_bytes(one._con)
    outcomes = 'SELECT "offset", outcome, batch_id FROM wh.ledger.deliveries ORDER BY ALL'
    assert several._con.execute(outcomes).fetchall() == one._con.execute(outcomes).fetchall()
    assert several.next_offsets == one.next_offsets == {0: 2 * LOADS}
    assert audit(several._con, None, None).findings == ()
    one.close()
    several.close()


def test_a_lake_that_cannot_be_opened_just_now_is_opened_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader_module, "LOADS_A_CONNECTION", 2)
    loader, answers = loaded(tmp_path), iter([duckdb.IOException("busy")])

    def reopen() -> duckdb.DuckDBPyConnection:
        for error in answers:
            raise error
        return open_lake(tmp_path)

    first, loader._reopen, loader._loads, loader._clock = loader._con, reopen, 1, lambda: LOADED_AT
    loader.load(decode_batch(raw_batch(queued(100), start=100)))
    assert loader._con is first
    loader.load(decode_batch(raw_batch(queued(101), start=101)))
    assert loader._con is not first
    loader.close()
