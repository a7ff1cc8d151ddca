"""Records of one person are redacted exactly once, stay so, and the audit would see it if they did not."""

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.admin.audit.ledger import ledger_findings
from pipelines.admin.erasure.erase_command import find_all_records
from pipelines.admin.erasure.lake_redaction import Eraser
from pipelines.admin.erasure.person_search import ErasureRequest, PersonRecords, find
from pipelines.admin.erasure.physical_deletion import narrow_statistics, rewrite, vacuum
from pipelines.admin.erasure.residue_scan import find_residues
from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.lake.connection import open_lake
from pipelines.lake.suppressions import suppression_rows
from pipelines.lake.writer_lock import WriterLock
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.redaction import redact
from pipelines.privacy.suppression import SuppressionList
from receiver.settings import SettingsError
from tests.support.erasures import BY_EMAIL, KEYED, LATER, Lake, erase, eraser, everything, suppressing
from tests.support.faults import Died, DyingAt
from tests.support.lake_fixtures import MakeLoader
from tests.support.lakes import empty_lake
from tests.support.people import BO as BOHDAN
from tests.support.people import (
    EMAIL,
    GROUP,
    LEGACY,
    MARKS,
    meeting,
    of_bo,
    of_orufy,
    of_zoe,
    orufy,
    popp,
)
from tests.support.people import ZOE as ZOEMARKER
from tests.support.rebuilds import rebuild
from tests.support.rows import LOADED_AT, raw_batch

ZOE, BO, ORUFY = of_zoe(), of_bo(), of_orufy()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people's records, without models."""
    warehouse = tmp_path_factory.mktemp("filled") / "warehouse"
    con = empty_lake(warehouse)
    loader = suppressing(con, LOADED_AT)
    loader.load(decode_batch(raw_batch(*ZOE)))
    loader.load(decode_batch(raw_batch(*BO, start=len(ZOE))))
    loader.load(of_provider_orufy(*ORUFY, start=len(ZOE) + len(BO)))
    con.close()
    return warehouse


@pytest.fixture
def people(filled: Path, tmp_path: Path) -> Iterator[Lake]:
    """A lake of its own for each test, with these."""
    shutil.copytree(filled, tmp_path / "warehouse")
    con = open_lake(tmp_path / "warehouse")
    yield con
    con.close()


def of_provider_orufy(*bodies: bytes, start: int) -> DecodedBatch:
    return decode_batch(raw_batch(*bodies, provider="orufy", source="orufy", start=start))


def offsets(found: PersonRecords) -> list[int]:
    return sorted(offset for _, _, offset in found.positions)


FINDINGS: list[tuple[ErasureRequest, list[int]]] = [
    (BY_EMAIL, [0, 1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17]),
    (ErasureRequest("email", EMAIL, "app-1"), [7, 14, 15, 16, 17]),
    (ErasureRequest("candidate", "cand-zoe"), [0, 1, 2, 3, 4, 5, 8]),
    (ErasureRequest("conversation", "conv-bo"), [10, 11, 12, 13]),
    (ErasureRequest("email", "host@example.test"), [0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 13]),
    (ErasureRequest("candidate", "nobody"), []),
    (ErasureRequest("email", "markerova@example.test"), []),
]


def test_a_person_is_found_by_what_leads_to_them(people: Lake) -> None:
    for request, expected in FINDINGS:
        assert offsets(find(people, request, "erasure-1")) == expected, request


def test_a_value_is_found_however_json_writes_it(lake: Lake, make_loader: MakeLoader) -> None:
    values, bodies = ('a"b\\c/d', "é@x.test", "a+b.c*(d)@x.test"), []
    for number, value in enumerate(values):
        plain = popp("CONVERSATION_QUEUED", number, recordId=f"c-{number}", candidateId=value)
        document = json.loads(plain)
        bodies += [
            plain,
            plain.replace(b"/", b"\\/").replace(b"e-CONV", b"f-CONV"),
            json.dumps(document | {"eventId": f"g-{number}"}, ensure_ascii=False).encode(),
        ]
    make_loader().load(decode_batch(raw_batch(*bodies)))
    for value in values:
        assert len(find(lake, ErasureRequest("candidate", value), "e").positions) == 3


def test_events_stay_and_the_person_goes(people: Lake, tmp_path: Path) -> None:
    counts = "SELECT count(*), count(conversation_id), max(scorecard_total_value) FROM wh.events.{}"
    before = people.execute(counts.format("conversation_completed")).fetchall()
    erase(people, tmp_path)
    left = everything(people)
    assert all(mark not in left and mark.lower() not in left for mark in (*MARKS, EMAIL))
    assert "Bohdan Firstname" in left
    assert people.execute(counts.format("conversation_completed")).fetchall() == before
    assert audit(people, None, None).findings == ()
    names = people.execute(
        "SELECT participant_first_name, extras FROM wh.events.conversation_completed ORDER BY conversation_id"
    ).fetchall()
    assert names == [("Bohdan Firstname", names[0][1]), (None, '{"$.data.unheardOf":null}')]


def test_again_changes_nothing(people: Lake, tmp_path: Path) -> None:
    found = erase(people, tmp_path)
    before = everything(people)
    again = find(people, BY_EMAIL, "erasure-1")
    assert again.positions == found.positions
    assert again.names == found.names
    erasing = eraser(people, tmp_path)
    erasing.register("erasure-1", BY_EMAIL, again, "test")
    assert erasing.redact("erasure-1", again.frame()) == {}
    assert everything(people) == before


@pytest.mark.parametrize(
    ("statement", "after_commit"), [(0, False), (99, True)], ids=["at once", "after a commit"]
)
def test_killed_in_the_middle_it_comes_to_the_same_end(
    people: Lake, tmp_path: Path, statement: int, after_commit: bool
) -> None:
    dying = DyingAt(people, statement, after_commit=after_commit)
    with pytest.raises(Died):
        erase(dying, tmp_path)
    dying.bury()
    assert audit(people, None, None).findings == ()
    erase(people, tmp_path)
    left = everything(people)
    assert all(mark not in left for mark in MARKS)
    assert audit(people, None, None).findings == ()


def test_killed_while_redacting_nothing_is_half_done(people: Lake, tmp_path: Path) -> None:
    found = find(people, BY_EMAIL, "erasure-1")
    eraser(people, tmp_path).register("erasure-1", BY_EMAIL, found, "test")
    for statement in (1, 4, 9, 99):
        dying = DyingAt(people, statement, after_commit=False)
        with pytest.raises(Died):
            eraser(dying, tmp_path).redact("erasure-1", found.frame())
        dying.bury()
        assert people.execute("SELECT count(erased_at) FROM wh.ledger.deliveries").fetchone() == (0,)
        assert people.execute("SELECT count(*) FROM wh.ledger.redactions").fetchone() == (0,)
        assert people.execute("SELECT count(*) FROM wh.ledger.bodies").fetchone() == (16,)


HARMS = (
    "UPDATE wh.ledger.bodies SET body = '{}' WHERE \"offset\" = 0",
    "UPDATE wh.quarantine.records SET body = '{}' WHERE \"offset\" = 8",
    'UPDATE wh.ledger.deliveries SET erased_at = NULL WHERE "offset" = 0',
    'DELETE FROM wh.ledger.redactions WHERE "offset" = 0',
    'UPDATE wh.ledger.deliveries SET erased_at = now() WHERE "offset" = 10',
)


def test_an_altered_erasure_is_found(people: Lake, tmp_path: Path) -> None:
    erase(people, tmp_path)
    for harm in HARMS:
        people.begin()
        people.execute(harm)
        found = {finding.check for finding in ledger_findings(people)}
        people.rollback()
        assert "erased records stay as they are" in found, harm


def test_later_records_are_redacted_and_redeliveries_stay_duplicates(people: Lake, tmp_path: Path) -> None:
    running = suppressing(people)
    running.load(decode_batch(raw_batch(popp("CONVERSATION_QUEUED", 90, recordId="c-90"), start=19)))
    erase(people, tmp_path)
    later = popp("CONVERSATION_OPTED_OUT", 91, recordId="conv-zoe", participantFirstName=MARKS[0])
    other = popp("CONVERSATION_OPTED_OUT", 92, recordId="conv-bo", participantFirstName="Bohdan Firstname")
    hers = popp("CONVERSATION_OPTED_OUT", 93, recordId="conv-hers").replace(b"o-1", EMAIL.encode())
    done = running.load(decode_batch(raw_batch(later, other, ZOE[3], ZOE[4], LEGACY, ZOE[7], hers, start=20)))
    assert (done.loaded, done.duplicate, done.quarantined) == (3, 3, 1)
    again = running.load(of_provider_orufy(ORUFY[0], orufy("CANCEL", "zm-1", GROUP), start=27))
    assert (again.loaded, again.duplicate) == (1, 1)
    left = everything(people)
    assert all(mark not in left and mark.lower() not in left for mark in (*MARKS, EMAIL))
    assert audit(people, None, None).findings == ()
    names = people.execute(
        "SELECT conversation_id, participant_first_name, event_key IS NOT NULL "
        "FROM wh.events.conversation_opted_out WHERE event_id LIKE '%-9_' ORDER BY ALL"
    ).fetchall()
    bo = ("conv-bo", "Bohdan Firstname", True)
    assert names == [bo, ("conv-hers", None, True), ("conv-zoe", None, True)]


@pytest.mark.parametrize("suppressed_before", [False, True])
def test_an_erasure_between_reading_ahead_and_the_commit_is_seen(
    people: Lake, tmp_path: Path, suppressed_before: bool
) -> None:
    if suppressed_before:
        erase(people, tmp_path, ErasureRequest("conversation", "conv-bo"), "conversation-1")
    running = suppressing(people)
    later = popp("CONVERSATION_OPTED_OUT", 91, recordId="conv-zoe", participantFirstName=MARKS[0])
    other = popp("CONVERSATION_OPTED_OUT", 92, recordId="conv-bo", participantFirstName="Bohdan Firstname")
    ahead = running.decode(raw_batch(later, other, start=19))
    assert MARKS[0].encode() in ahead.raw.bodies[0]
    erase(people, tmp_path)
    assert running.load(ahead).loaded == 2
    assert all(mark not in everything(people) for mark in MARKS)
    erased = people.execute(
        'SELECT "offset" FROM wh.ledger.deliveries WHERE "offset" >= 19 AND erased_at IS NOT NULL'
    )
    assert {offset for (offset,) in erased.fetchall()} == ({19, 20} if suppressed_before else {19})
    assert audit(people, None, None).findings == ()


def test_what_a_batch_leads_to_is_seen_by_the_one_read_ahead_of_its_commit(
    people: Lake, tmp_path: Path
) -> None:
    erase(people, tmp_path, ErasureRequest("candidate", "cand-zoe"), "candidate-1")
    running = suppressing(people)
    first = running.decode(raw_batch(queued("one", "cand-zoe"), start=19))
    second = running.decode(raw_batch(met("one", ZOEMARKER), start=20))
    assert ZOEMARKER["name"].encode() in second.raw.bodies[0]
    running.load(first)
    running.load(second)
    erased = people.execute(
        'SELECT "offset" FROM wh.ledger.deliveries WHERE "offset" >= 19 AND erased_at IS NOT NULL'
    )
    assert {offset for (offset,) in erased.fetchall()} == {19, 20}
    assert audit(people, None, None).findings == ()


def queued(person: str, candidate: str) -> bytes:
    return popp("CONVERSATION_QUEUED", 80, recordId=f"conv-{person}", candidateId=candidate).replace(
        b"-80", f"-80-{person}".encode()
    )


def met(person: str, who: dict[str, str]) -> bytes:
    """The booking of that conversation, which names no candidate."""
    return meeting(person, [who], 81).replace(b"-81", f"-81-{person}".encode())


def test_what_a_later_record_leads_to_is_redacted_too(people: Lake, tmp_path: Path) -> None:
    erase(people, tmp_path, ErasureRequest("candidate", "cand-zoe"), "candidate-1")
    running, zoe = suppressing(people), ZOEMARKER
    in_one = [met("one", zoe), queued("one", "cand-zoe"), met("other", BOHDAN), queued("other", "cand-bo")]
    running.load(decode_batch(raw_batch(*in_one, start=19)))
    eraser(people, tmp_path).begin("retention-1", "retention", "test")  # so that the next is decided twice
    running.load(decode_batch(raw_batch(queued("two", "cand-zoe"), queued("three", "cand-zoe"), start=23)))
    running.load(decode_batch(raw_batch(met("two", zoe), met("other-2", zoe), start=25)))
    suppressing(people).load(decode_batch(raw_batch(met("three", zoe), start=27)))
    erased = (
        'SELECT "offset" FROM wh.ledger.deliveries WHERE "offset" >= 19 AND erased_at IS NOT NULL ORDER BY 1'
    )
    assert [offset for (offset,) in people.execute(erased).fetchall()] == [19, 20, 23, 24, 25, 27]
    kept = 'SELECT decode(body) FROM wh.ledger.bodies WHERE "offset" IN (19, 25, 27)'
    assert all(zoe["name"] not in body for (body,) in people.execute(kept).fetchall())
    twice = "SELECT count(*) - count(DISTINCT value_hmac) FROM wh.ledger.suppressions"
    assert people.execute(twice).fetchone() == (0,)
    assert audit(people, None, None).findings == ()


def test_what_is_committed_before_its_name_is_registered_is_found(people: Lake) -> None:
    request, registered = ErasureRequest("candidate", "cand-zoe"), set[Any]()
    before, unaware = find(people, request, "candidate-1"), suppressing(people)
    unaware.load(decode_batch(raw_batch(queued("late", "cand-zoe"), start=19)))
    meetings = iter([met("late", ZOEMARKER)])

    def register(found: PersonRecords) -> None:
        registered.update(found.names)
        for body in meetings:
            unaware.load(decode_batch(raw_batch(body, start=20)))

    found = find_all_records(people, request, "candidate-1", before, register)
    assert {19, 20} <= set(offsets(found))
    assert found.names == registered


def reload_all(lake: Lake, home: Path) -> None:
    reloader = Replayer(lake, WriterLock(home), holder="test", organizations={}, clock=lambda: LATER)
    assert reloader.reload(ReplaySelection("rebuild")).refused == {}
    assert reloader.reload(ReplaySelection("replay")).loaded == 0


def rebuild_all(lake: Lake, home: Path) -> None:
    assert rebuild(lake, home).exchanged.refused == {}


@pytest.mark.parametrize("again", [reload_all, rebuild_all])
def test_a_rebuild_does_not_bring_it_back(
    people: Lake, tmp_path: Path, again: Callable[[Lake, Path], None]
) -> None:
    erase(people, tmp_path)
    before = everything(people, without=("ledger.batches", "ledger.deliveries"))
    again(people, tmp_path)
    left = everything(people, without=("ledger.batches", "ledger.deliveries"))
    assert all(mark not in left for mark in MARKS)
    assert len(left) == pytest.approx(len(before), abs=200)
    assert audit(people, None, None).findings == ()


def test_without_its_key_nothing_is_loaded(people: Lake, tmp_path: Path) -> None:
    erase(people, tmp_path)
    with pytest.raises(SettingsError, match="HIRESTREAM_ERASURE__KEY"):
        SuppressionList(None).stored(suppression_rows(people))
    other = KeyedHasher(b"another-key-of-16-bytes")
    SuppressionList(KEYED).stored(suppression_rows(people))
    with pytest.raises(SettingsError, match="not the key of the erasures of this lake"):
        SuppressionList(other).stored(suppression_rows(people))
    erasing = Eraser(
        people, WriterLock(tmp_path), other, holder="test", organizations={}, clock=lambda: LATER
    )
    with pytest.raises(SettingsError, match="not the key"):
        erasing.register("email-2", BY_EMAIL, find(people, BY_EMAIL, "email-2"), "test")
    unmarked = "DELETE FROM wh.ledger.suppressions WHERE erasure_id = 'key'"
    people.execute(unmarked)
    SuppressionList(other).stored(suppression_rows(people))
    with pytest.raises(SettingsError, match="openssl"):
        KeyedHasher(b"short")


def test_the_bytes_go_and_statistics_still_find_every_row(people: Lake, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse"
    written = max((warehouse / "data" / "ledger" / "bodies").rglob("*.parquet"))
    left_behind = written.with_name("by-a-killed-writer.parquet")
    shutil.copyfile(written, left_behind)
    os.utime(left_behind, (0, 0))
    erase(people, tmp_path)
    people.close()
    assert left_behind in {warehouse / trace.file for trace in find_residues(warehouse, MARKS)}
    rewrite(warehouse)
    assert {trace.file for trace in find_residues(warehouse, MARKS)} == {"catalog.sqlite"}
    with open_lake(warehouse) as con:
        assert narrow_statistics(con) > 0
        eraser(con, tmp_path).finish("erasure-1", {"X": 1})
    vacuum(warehouse / "catalog.sqlite")
    assert find_residues(warehouse, MARKS) == []
    with open_lake(warehouse) as con:
        suppressing(con).load(
            decode_batch(
                raw_batch(popp("CONVERSATION_COMPLETED", 80, recordId="a", participantLastName="M"), start=19)
            )
        )
        last = "SELECT count(*) FROM wh.events.conversation_{} WHERE participant_last_name = '{}'"
        assert con.execute(last.format("completed", "M")).fetchone() == (1,)
        assert con.execute(last.format("completed", "Bo")).fetchone() == (1,)
        bodies = "SELECT count(*) FROM wh.ledger.bodies WHERE body = ?"
        for body in (BO[0], redact(ZOE[0], "popp", KEYED.pseudonym)):
            assert con.execute(bodies, [body]).fetchone() == (1,)
        assert audit(con, None, None).findings == ()


def test_the_search_sees_through_compression_and_escapes(tmp_path: Path) -> None:
    value, con = "Zoë Markerova", duckdb.connect()
    con.execute(f"COPY (SELECT ['{value}' || i] AS l FROM range(500) r(i)) TO '{tmp_path}/a.parquet'")
    con.execute(f"COPY (SELECT encode('{value}') AS b FROM range(50)) TO '{tmp_path}/b.parquet'")
    con.execute(
        f"ATTACH '{tmp_path}/c.duckdb' AS c; CREATE TABLE c.t AS SELECT '{value}' AS v FROM range(9000)"
    )
    con.close()
    (tmp_path / "d.gz").write_bytes(gzip.compress(value.upper().encode()))
    (tmp_path / "e").write_text(json.dumps(value))
    (tmp_path / "f").write_text(value.encode().hex().upper())
    (tmp_path / "g").write_text("x" * (4 * 1024 * 1024 - 5) + value)
    (tmp_path / "other").write_text("Zoe Markerova")
    found = {trace.file for trace in find_residues(tmp_path, [value])}
    assert found == {"a.parquet", "b.parquet", "c.duckdb", "d.gz", "e", "f", "g"}
