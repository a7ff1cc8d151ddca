"""Every event table is recreated in one step: the same rows by the same contracts, and nothing half-way."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import polars as pl
import pytest

from pipelines.admin.audit import audit
from pipelines.admin.reprocess.rebuild import RebuildResult, Snapshots, rebuilding
from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.admin.reprocess.staged_rows import staging_folder
from pipelines.admin.reprocess.stored_bodies import loaded_records
from pipelines.admin.reprocess.table_fingerprints import TableComparison, compare_tables, event_fingerprints
from pipelines.admin.reprocess.table_swap import IncompleteRebuild
from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.maintenance import remove_orphans
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import create_tables
from pipelines.lake.writer_lock import WriterLock
from pipelines.simulate.simulation import bodies
from tests.support.events import BROKEN, queued
from tests.support.faults import refusing, without_contract
from tests.support.lake_fixtures import MakeLoader
from tests.support.rebuilds import LATER, Lake, rebuild, rebuilder
from tests.support.rows import raw_batch

EVENTS = 3_000


def rebuild_and_compare(lake: Lake, tmp_path: Path) -> tuple[RebuildResult, dict[str, TableComparison]]:
    found: list[TableComparison] = []

    def compare(lakes: Snapshots) -> None:
        found.extend(compare_tables(event_fingerprints(lakes.before), event_fingerprints(lakes.after)))

    with rebuilding(tmp_path / "warehouse"):
        done = rebuilder(lake, tmp_path).rebuild(compare=compare)
    return done, {each.table: each for each in found}


def rows(lake: Lake, table: str) -> list[tuple[object, ...]]:
    return lake.execute(f"FROM wh.{table} ORDER BY ALL").fetchall()


def everything(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the ledger's tables and the event tables, batches and times of the load too."""
    found = lake.execute(
        """
        SELECT schema_name || '.' || table_name FROM duckdb_tables()
        WHERE database_name = 'wh' AND schema_name IN ('events', 'ledger', 'quarantine')
        """
    ).fetchall()
    return {name: rows(lake, name) for (name,) in found}


def test_the_same_contracts_give_the_same_rows_in_the_same_batches(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader, sent = make_loader(), list(bodies(5, EVENTS))
    half = len(sent) // 2
    loader.load(decode_batch(raw_batch(*sent[:half], BROKEN, sent[0])))
    loader.load(decode_batch(raw_batch(*sent[half:], start=half + 2)))
    before = everything(lake)
    done, found = rebuild_and_compare(lake, tmp_path)
    after = everything(lake)
    batch = after.pop("ledger.batches")[-1]
    assert before.pop("ledger.batches")[-1][0] == 2
    assert (batch[0], batch[1], batch[4:8]) == (3, "rebuild", (0, 0, 0, 0))
    assert after == before
    assert {each.verdict for each in found.values()} == {"same"}
    assert (done.exchanged.moved, done.exchanged.refused) == (0, {})
    children = sum(each.after.rows for name, each in found.items() if "__" in name and each.after)
    assert children
    loaded = sum(each.after.rows for each in found.values() if each.after) - children
    assert done.exchanged.records == loaded
    assert len({each.after.sha256 for each in found.values() if each.after and each.after.rows}) > 5
    assert audit(lake, None, None).findings == ()


def test_an_altered_row_shows_in_the_hash_and_is_put_right(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    make_loader().load(decode_batch(raw_batch(queued(1), queued(2))))
    lake.execute("UPDATE wh.events.conversation_queued SET candidate_id = 'x' WHERE conversation_id = 'c-1'")
    _, found = rebuild_and_compare(lake, tmp_path)
    assert [name for name, each in found.items() if each.verdict == "changed"] == [
        "events.conversation_queued"
    ]
    assert rows(lake, "events.conversation_queued WHERE candidate_id IS NOT NULL") == []


@pytest.mark.parametrize("everything_is", [True, False])
def test_a_field_that_a_contract_gained_is_read_from_the_bodies(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path, everything_is: bool
) -> None:
    make_loader().load(decode_batch(raw_batch(queued(1, candidateId="k-1"), queued(2))))
    before = rows(lake, "events.conversation_queued")
    table = "wh.events.conversation_queued"  # as a release left it that knew no such field
    lake.execute(
        f"UPDATE {table} SET extras = '{{\"data.candidateId\": \"k-1\"}}' WHERE candidate_id = 'k-1'"
    )
    lake.execute(f"ALTER TABLE {table} DROP COLUMN candidate_id")
    create_tables(lake)
    assert rows(lake, "events.conversation_queued WHERE candidate_id IS NOT NULL") == []
    if everything_is:
        assert rebuild(lake, tmp_path).exchanged.records == 2
    else:
        again = Replayer(lake, WriterLock(tmp_path), holder="t", organizations={}, clock=lambda: LATER)
        assert again.reload(ReplaySelection("rebuild", "d.event_type = 'CONVERSATION_QUEUED'")).loaded == 2
    names = [name for name, *_ in lake.execute(f"DESCRIBE {table}").fetchall()]
    read = "event_key, conversation_id, candidate_id, extras"
    found = lake.execute(f"SELECT {read} FROM {table} ORDER BY conversation_id").fetchall()
    assert [row[1:] for row in found] == [("c-1", "k-1", None), ("c-2", None, None)]
    assert len(before) == len(found)
    assert names[-1] == "candidate_id"
    assert audit(lake, None, None).findings == ()


@pytest.mark.parametrize("edit", ["DELETE FROM {0}", "INSERT INTO {0} FROM {0}"])
def test_a_refused_event_whose_row_somebody_edited_stops_it(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path, edit: str
) -> None:
    wrong = msgspec.json.encode(
        {"event": "CONVERSATION_QUEUED", "eventId": "w", "data": {"organizationId": "o-1", "recordId": 5}}
    )
    make_loader().load(without_contract("CONVERSATION_QUEUED", raw_batch(wrong)))
    lake.execute(edit.format("wh.events.generic"))
    before = last_batch(lake)
    with pytest.raises(IncompleteRebuild, match="1 events are refused"):
        rebuild(lake, tmp_path)
    assert last_batch(lake) == before


def test_events_that_a_contract_reads_now_move_and_what_it_refuses_stays(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    wrong = msgspec.json.encode(
        {"event": "CONVERSATION_QUEUED", "eventId": "w", "data": {"organizationId": "o-1", "recordId": 5}}
    )
    loader = make_loader()
    loader.load(without_contract("CONVERSATION_QUEUED", raw_batch(wrong, queued(1))))
    loader.load(decode_batch(raw_batch(queued(2), queued(1), start=2)))
    done, found = rebuild_and_compare(lake, tmp_path)
    assert done.exchanged.refused == {"$.data.recordId: Expected `str`, got `int`": 1}
    assert (done.exchanged.records, done.exchanged.moved) == (3, 1)
    assert found["events.generic"].verdict == found["events.conversation_queued"].verdict == "changed"
    assert lake.execute("SELECT event_type, batch_id FROM wh.events.generic").fetchall() == [
        ("CONVERSATION_QUEUED", 1)
    ]
    assert lake.execute(
        "SELECT conversation_id, batch_id FROM wh.events.conversation_queued ORDER BY ALL"
    ).fetchall() == [("c-1", 3), ("c-2", 2)]
    assert lake.execute(
        'SELECT outcome, reason, contract_version, moved_batch_id FROM wh.ledger.deliveries ORDER BY "offset"'
    ).fetchall() == [
        ("loaded", "no_contract", None, None),
        ("loaded", None, 1, 3),
        ("loaded", None, 1, None),
        ("duplicate", "same_event", 1, None),
    ]
    assert audit(lake, None, None).findings == ()


def test_what_is_loaded_replayed_and_rebuilt_meanwhile_is_in_it_once(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    loader = make_loader()
    loader.load(without_contract("CONVERSATION_QUEUED", raw_batch(queued(1), queued(2))))
    loader.load(refusing("CONVERSATION_QUEUED", raw_batch(queued(3), start=2)))

    def meanwhile() -> Iterable[pl.DataFrame]:
        yield from list(loaded_records(lake, 2))
        again = Replayer(lake, WriterLock(tmp_path), holder="t", organizations={}, clock=lambda: LATER)
        assert again.reload(ReplaySelection("rebuild", 'd."offset" = 0')).loaded == 1
        assert again.reload(ReplaySelection("replay")).loaded == 1
        assert loader.load(decode_batch(raw_batch(queued(3), queued(4), start=3))).loaded == 1

    done = rebuild(lake, tmp_path, meanwhile())
    assert (done.exchanged.records, done.exchanged.moved) == (4, 1)
    assert lake.execute(
        "SELECT conversation_id, batch_id FROM wh.events.conversation_queued ORDER BY ALL"
    ).fetchall() == [("c-1", 3), ("c-2", 6), ("c-3", 4), ("c-4", 5)]
    assert audit(lake, None, None).findings == ()
    assert loader.load(decode_batch(raw_batch(queued(2), queued(5), start=5))).duplicate == 1
    assert audit(lake, None, None).findings == ()


def named(number: int, name: str | None, *, with_id: bool) -> bytes:
    sent = json.loads(queued(number, participantFirstName=name))
    return json.dumps({key: value for key, value in sent.items() if with_id or key != "eventId"}).encode()


def redact(lake: Lake) -> None:
    """What an erasure does to the bodies of two records; the key of the second one is made of its body."""
    for offset, body in enumerate((named(1, None, with_id=True), named(2, None, with_id=False))):
        lake.execute('UPDATE wh.ledger.bodies SET body = ? WHERE "offset" = ?', [body, offset])
        lake.execute('UPDATE wh.ledger.deliveries SET erased_at = ? WHERE "offset" = ?', [LATER, offset])
    lake.execute(
        """
        INSERT INTO wh.ledger.redactions BY NAME
        SELECT topic_id, topic, partition, "offset", 'e' AS erasure_id, now() AS redacted_at,
            sha256(body) AS body_sha256
        FROM wh.ledger.bodies WHERE "offset" < 2
        """
    )


def test_what_is_erased_meanwhile_does_not_come_back(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    sent = named(1, "Ada", with_id=True), named(2, "Bea", with_id=False)
    make_loader().load(decode_batch(raw_batch(*sent, queued(3))))

    def meanwhile() -> Iterable[pl.DataFrame]:
        yield from list(loaded_records(lake, 1))
        redact(lake)

    def keys() -> list[tuple[object, ...]]:
        return rows(lake, "events.conversation_queued SELECT event_key")

    before = keys()
    for first in (meanwhile(), None):
        done = rebuild(lake, tmp_path, first)
        assert (done.exchanged.moved, done.exchanged.refused) == (0, {})
        assert rows(lake, "events.conversation_queued WHERE participant_first_name IS NOT NULL") == []
        assert keys() == before
    assert audit(lake, None, None).findings == ()


def test_a_record_without_its_body_stops_it_before_anything_changes(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path
) -> None:
    make_loader().load(decode_batch(raw_batch(queued(1), queued(2))))
    lake.execute('DELETE FROM wh.ledger.bodies WHERE "offset" = 0')
    before = everything(lake)
    with pytest.raises(IncompleteRebuild, match="1 of 2"):
        rebuild(lake, tmp_path)
    assert everything(lake) == before


KILLED = """
import datetime as dt, os, signal, sys
from pathlib import Path
from pipelines.lake.connection import open_lake
from pipelines.admin.reprocess.rebuild import Rebuilder, rebuilding
warehouse, step, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def progress(name, done, total):
    if name == step and done >= at:
        os.kill(os.getpid(), signal.SIGKILL)
with rebuilding(warehouse):
    Rebuilder(open_lake(warehouse), warehouse, holder="killed", organizations={},
        clock=lambda: dt.datetime.now(dt.UTC), progress=progress).rebuild()
"""


@pytest.mark.parametrize(("step", "at"), [("decoding", 1), ("exchanging", 20)])
def test_killed_half_way_nothing_has_happened_and_it_can_be_started_again(
    lake: Lake, make_loader: MakeLoader, tmp_path: Path, step: str, at: int
) -> None:
    warehouse = tmp_path / "warehouse"
    loader = make_loader()
    loader.load(decode_batch(raw_batch(*bodies(6, 400))))
    before = everything(lake)
    command = [sys.executable, "-c", KILLED, str(warehouse), step, str(at)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert everything(lake) == before
    assert staging_folder(warehouse).exists()
    assert bool(files(warehouse) - known_files(lake)) == (step == "exchanging")
    loader.load(decode_batch(raw_batch(queued("after"), start=len(before["ledger.deliveries"]))))
    done = rebuild(lake, tmp_path)
    assert done.exchanged.records == len(rows(lake, "ledger.bodies"))
    remove_orphans(lake, warehouse, 0)
    assert files(warehouse) == known_files(lake)
    assert audit(lake, None, None).findings == ()


def files(warehouse: Path) -> set[str]:
    return {file.name for file in (warehouse / "data").rglob("*.parquet")}


def known_files(lake: Lake) -> set[str]:
    """Every file that the catalog names, for snapshots that still can be read too."""
    kinds = ("ducklake_data_file", "ducklake_delete_file")
    sql = " UNION ALL ".join(f"SELECT path FROM __ducklake_metadata_wh.{kind}" for kind in kinds)
    return {Path(path).name for (path,) in lake.execute(sql).fetchall()}
