"""One transaction, one outcome per record, one row per event, whatever is thrown in."""

import hashlib
from collections import Counter
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.admin.audit import audit
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.ingest.raw_batch import RawBatch
from pipelines.load.loader import ConcurrentLoaderError
from pipelines.load.reject_limit import RejectLimit, TooManyRejects
from tests.support.events import BROKEN, queued
from tests.support.lake_fixtures import MakeLoader
from tests.support.rows import raw_batch


def batch(*bodies: bytes, start: int = 0) -> DecodedBatch:
    return decode_batch(raw_batch(*bodies, start=start))


def rows(lake: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return lake.execute(sql).fetchall()


LEDGER = 'SELECT "offset", outcome, reason FROM wh.ledger.deliveries ORDER BY "offset"'


def test_each_record_has_one_outcome(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    unknown = b'{"event":"NEW_THING","eventId":"n","data":{"organizationId":"o-1"}}'
    done = make_loader().load(batch(queued(1), queued(1), queued(1, x="other"), BROKEN, unknown))
    assert rows(lake, LEDGER) == [
        (0, "loaded", None),
        (1, "duplicate", "same_event"),
        (2, "duplicate", "body_differs"),
        (3, "quarantined", "json"),
        (4, "loaded", "no_contract"),
    ]
    assert (done.loaded, done.duplicate, done.quarantined) == (2, 2, 1)
    assert done.next_offsets == {0: 5}
    assert rows(lake, "SELECT conversation_id FROM wh.events.conversation_queued") == [("c-1",)]
    assert rows(lake, "SELECT event_type FROM wh.events.generic") == [("NEW_THING",)]
    assert audit(lake, None, None).findings == ()


def test_quarantine_keeps_bytes_position_and_reasons(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    make_loader().load(batch(BROKEN))
    found = rows(lake, 'SELECT topic, partition, "offset", stage, reasons, body FROM wh.quarantine.records')
    assert found == [("topic", 0, 0, "json", [{"path": "$", "problem": "Input data was truncated"}], BROKEN)]


def test_bodies_are_kept_as_they_came(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    make_loader().load(batch(queued(1), queued(1), queued(1, x="other")))
    assert rows(lake, 'SELECT "offset", body FROM wh.ledger.bodies ORDER BY ALL') == [
        (0, queued(1)),
        (2, queued(1, x="other")),
    ]
    assert rows(lake, 'SELECT body_sha256 FROM wh.ledger.deliveries WHERE "offset" = 0') == [
        (hashlib.sha256(queued(1)).hexdigest(),)
    ]


def test_the_same_delivery_twice_says_so(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    raw = raw_batch(queued(1), queued(1))
    raw.headers["delivery_id"][1] = raw.headers["delivery_id"][0]
    make_loader().load(decode_batch(raw))
    assert rows(lake, LEDGER)[1] == (1, "duplicate", "same_delivery")


def test_a_duplicate_is_one_after_a_restart_too(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    make_loader().load(batch(queued(1), queued(2)))
    make_loader().load(batch(queued(2), queued(3), start=2))
    assert [outcome for _, outcome, _ in rows(lake, LEDGER)] == ["loaded", "loaded", "duplicate", "loaded"]


def test_a_reject_does_not_block_its_event(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    make_loader().load(batch(queued(1, organizationId="o-1", candidateId=5), queued(1)))
    assert [outcome for _, outcome, _ in rows(lake, LEDGER)] == ["quarantined", "loaded"]


def test_two_sources_of_one_organization_do_not_count_twice(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    loader = make_loader()
    loader.load(decode_batch(raw_batch(queued(1), source="old")))
    loader.load(decode_batch(raw_batch(queued(1), source="new", start=1)))
    assert [outcome for _, outcome, _ in rows(lake, LEDGER)] == ["loaded", "duplicate"]


def test_organizations_a_source_does_not_list_are_foreign_and_placeholders_tests(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    loader = make_loader(organizations={"popp": frozenset({"o-1", "org_123456"})})
    loader.load(batch(queued(1), queued(2, organizationId="o-2"), queued(3, organizationId="org_123456")))
    sql = "SELECT organization_id, is_foreign, is_test FROM wh.events.conversation_queued ORDER BY ALL"
    assert rows(lake, sql) == [("o-1", False, False), ("o-2", True, False), ("org_123456", False, True)]


def test_what_the_receiver_did_not_write_is_quarantined(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    raw = raw_batch(*(queued(number) for number in range(5)))
    raw.headers["received_at"][0] = b"yesterday"
    raw.headers["envelope_version"][1] = b"9"
    raw.headers["provider"][2] = b"nobody"
    raw.headers["delivery_id"][3] = b"\xff"
    raw.headers["received_at"][4] = b"+12345-01-01T00:00:00.000000Z"  # polars reads it, Python cannot
    make_loader().load(decode_batch(raw))
    assert {outcome for _, outcome, _ in rows(lake, LEDGER)} == {"quarantined"}
    assert rows(lake, "SELECT reason FROM wh.quarantine.records ORDER BY ALL") == [
        ("headers.delivery_id: missing or malformed",),
        ("headers.envelope_version: not 1",),
        ("headers.provider: no provider of that name",),
        ("headers.received_at: missing or malformed",),
        ("headers.received_at: missing or malformed",),
    ]


TABLES = ("ledger.deliveries", "ledger.bodies", "ledger.batches", "ledger.offsets", "quarantine.records")


@pytest.mark.parametrize("at", range(7))
def test_a_failure_at_any_statement_leaves_nothing(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    loader = make_loader()
    loader.load(batch(queued(0)))
    before = [rows(lake, f"SELECT count(*) FROM wh.{name}") for name in TABLES]
    monkeypatch.setattr(loader, "_con", FailingAt(lake, at))
    with pytest.raises(Stopped):
        loader.load(batch(queued(1), BROKEN, start=1))
    assert [rows(lake, f"SELECT count(*) FROM wh.{name}") for name in TABLES] == before
    make_loader().load(batch(queued(1), BROKEN, start=1))
    assert audit(lake, None, None).findings == ()
    assert [outcome for _, outcome, _ in rows(lake, LEDGER)] == ["loaded", "loaded", "quarantined"]


class Stopped(BaseException):
    """Stands for the death of the process."""


class FailingAt:
    """A real connection that dies before its n-th INSERT or at the commit: a fault DuckDB cannot show."""

    def __init__(self, con: duckdb.DuckDBPyConnection, at: int) -> None:
        self._con, self._left = con, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT"):
            self._count()
        return self._con.execute(sql, *args)

    def commit(self) -> None:
        raise Stopped

    def _count(self) -> None:
        if self._left == 0:
            raise Stopped
        self._left -= 1


def test_a_second_loader_is_noticed(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    slow = make_loader()
    make_loader().load(batch(queued(1)))
    with pytest.raises(ConcurrentLoaderError):
        slow.load(batch(queued(1)))
    assert audit(lake, None, None).findings == ()


def by_hand(lake: duckdb.DuckDBPyConnection, batch_id: int, kind: str) -> None:
    lake.execute(f"INSERT INTO wh.ledger.batches (batch_id, kind) VALUES ({batch_id}, '{kind}')")


@pytest.mark.parametrize(("batch_id", "kind"), [(2, "load"), (9, "load")])
def test_a_batch_made_by_hand_is_noticed(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, batch_id: int, kind: str
) -> None:
    loader = make_loader()
    loader.load(batch(queued(1)))
    by_hand(lake, batch_id, kind)
    with pytest.raises(ConcurrentLoaderError):
        loader.load(batch(queued(2), start=1))
    assert rows(lake, "SELECT count(*) FROM wh.ledger.deliveries") == [(1,)]


def test_a_replay_in_between_is_noticed(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    loader = make_loader()
    loader.load(batch(queued(1)))
    by_hand(lake, 2, "replay")
    assert loader.load(batch(queued(2), start=1)).batch_id == 3


def test_a_batch_that_is_gone_is_noticed(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> None:
    loader = make_loader()
    for number in range(3):
        loader.load(batch(queued(number), start=number))
    lake.execute("DELETE FROM wh.ledger.batches WHERE batch_id = 3")
    assert loader.load(batch(queued(3), start=3)).batch_id == 3


def test_a_commit_that_is_no_batch_is_in_nobodys_way(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    loader = make_loader()
    loader.load(batch(queued(1)))
    lake.execute("CREATE TABLE wh.marts.anything AS SELECT 1 AS x")
    assert loader.load(batch(queued(2), start=1)).batch_id == 2
    assert loader.load(batch(queued(3), start=2)).batch_id == 3


def test_many_rejects_pause_the_load_and_keep_the_position(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    loader = make_loader(rejects=RejectLimit(share=0.2, minimum=50))
    with pytest.raises(TooManyRejects, match="accept-rejects"):
        loader.load(batch(*[queued(n) for n in range(60)], *[BROKEN] * 60))
    assert rows(lake, LEDGER) == []
    done = make_loader().load(batch(*[queued(n) for n in range(60)], *[BROKEN] * 60))
    assert (done.loaded, done.quarantined) == (60, 60)


def test_few_rejects_do_not_pause_the_load(make_loader: MakeLoader) -> None:
    loader = make_loader(rejects=RejectLimit(share=0.2, minimum=50))
    assert loader.load(batch(*[BROKEN] * 49)).quarantined == 49


RECORDS = st.lists(st.integers(0, 8) | st.just("broken"), min_size=1, max_size=25)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=3))
def test_any_sequence_adds_up(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, batches: list[list[int | str]]
) -> None:
    """Each distinct event once, in whatever batches it comes; every record one outcome."""
    known = {key for (key,) in rows(lake, "SELECT event_id FROM wh.events.conversation_queued")}
    start = rows(lake, "SELECT count(*) FROM wh.ledger.deliveries")[0][0]
    before = Counter(dict(rows(lake, "SELECT outcome, count(*) FROM wh.ledger.deliveries GROUP BY ALL")))
    at = start
    for records in batches:
        bodies = [BROKEN if record == "broken" else queued(record) for record in records]
        make_loader().load(batch(*bodies, start=at))
        at += len(records)
    sent = [record for records in batches for record in records]
    fresh = {f"e-{record}" for record in sent if record != "broken"} - known
    broken = sent.count("broken")
    after = Counter(dict(rows(lake, "SELECT outcome, count(*) FROM wh.ledger.deliveries GROUP BY ALL")))
    assert after["loaded"] - before["loaded"] == len(fresh)
    assert after["quarantined"] - before["quarantined"] == broken
    assert after.total() - before.total() == len(sent)
    assert audit(lake, None, None).findings == ()


def test_an_empty_batch_is_not_a_problem_of_the_decoder() -> None:
    assert decode_batch(RawBatch(topic="topic", topic_id="id")).decoded == []
