"""The audit finds a planted loss, a planted double count and a planted edit."""

from dataclasses import replace

import duckdb
import pytest

from pipelines.admin.audit import audit, hash_chain
from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.topic_admin import TopicInfo, Watermarks
from pipelines.load.accepted_loss import accept_loss
from tests.support.events import BROKEN, queued
from tests.support.lake_fixtures import MakeLoader
from tests.support.rows import LOADED_AT, raw_batch

GROUP = b"""{"eventType": "BOOK", "meetData": {"_id": "m", "attendees": [{"_id": "a"}, {"_id": "b"}]}}"""
TOPIC = TopicInfo("topic", "topic-id", 1)


@pytest.fixture
def loaded(lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader) -> duckdb.DuckDBPyConnection:
    loader = make_loader()
    loader.load(decode_batch(raw_batch(queued(1), queued(2), queued(1))))
    loader.load(decode_batch(raw_batch(queued(3), BROKEN, start=3)))
    loader.load(decode_batch(raw_batch(GROUP, provider="orufy", source="orufy", start=5)))
    return lake


def test_clean_lake_passes_and_adds_up(loaded: duckdb.DuckDBPyConnection) -> None:
    found = audit(loaded, TOPIC, lambda: {0: Watermarks(0, 7)})
    assert found.ok
    assert (found.totals.records, found.totals.waiting) == (6, 1)
    assert found.totals.loaded + found.totals.duplicate + found.totals.quarantined == found.totals.records


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ('DELETE FROM wh.ledger.deliveries WHERE "offset" = 1', "offsets without gaps"),
        ('DELETE FROM wh.ledger.deliveries WHERE "offset" = 5', "positions"),
        ("INSERT INTO wh.ledger.deliveries FROM wh.ledger.deliveries LIMIT 1", "one record, one outcome"),
        ("UPDATE wh.ledger.deliveries SET outcome = 'loaded' WHERE \"offset\" = 2", "one event, loaded once"),
        ("UPDATE wh.ledger.deliveries SET outcome = 'gone' WHERE \"offset\" = 2", "outcomes"),
        ("UPDATE wh.ledger.deliveries SET body_sha256 = 'x' WHERE \"offset\" = 0", "chain of batches"),
        ("DELETE FROM wh.ledger.batches WHERE batch_id = 1", "chain of batches"),
        ('DELETE FROM wh.ledger.bodies WHERE "offset" = 0', "every loaded record has its body"),
        ("DELETE FROM wh.quarantine.records", "every quarantined record is kept"),
        ("DELETE FROM wh.events.conversation_queued WHERE event_id = 'e-2'", "ledger and event tables agree"),
        (
            "INSERT INTO wh.events.conversation_queued FROM wh.events.conversation_queued LIMIT 1",
            "ledger and event tables agree",
        ),
        ("UPDATE wh.ledger.deliveries SET event_key = 'f' WHERE \"offset\" = 2", "duplicates have a first"),
        ("UPDATE wh.ledger.bodies SET body = '{}' WHERE \"offset\" = 0", "every loaded record has its body"),
        ("DELETE FROM wh.events.book__attendees WHERE position = 0", "child rows fit their event"),
        ("UPDATE wh.events.book__attendees SET event_key = 'f'", "child rows fit their event"),
        ("UPDATE wh.ledger.batches SET loaded = loaded + 1 WHERE batch_id = 1", "batches add up"),
        ('UPDATE wh.ledger.bodies SET body = NULL WHERE "offset" = 0', "every loaded record has its body"),
        ("UPDATE wh.quarantine.records SET body = '{}'", "every quarantined record is kept"),
        ('UPDATE wh.ledger.deliveries SET body_sha256 = NULL WHERE "offset" = 0', "chain of batches"),
        ('UPDATE wh.ledger.deliveries SET partition = NULL WHERE "offset" = 0', "chain of batches"),
        ("UPDATE wh.ledger.deliveries SET topic_id = NULL, topic = NULL", "chain of batches"),
        (  # what is chained of two rows, in one of them
            """
            UPDATE wh.ledger.deliveries SET body_sha256 = CASE "offset" WHEN 1 THEN NULL ELSE body_sha256
                || (SELECT chr(10) || topic_id || '|0|1|' || body_sha256 FROM wh.ledger.deliveries
                    WHERE "offset" = 1) END WHERE "offset" < 2
            """,
            "chain of batches",
        ),
        ("UPDATE wh.ledger.batches SET chain_sha256 = NULL WHERE batch_id = 1", "chain of batches"),
        ("UPDATE wh.ledger.batches SET batch_id = NULL WHERE batch_id = 2", "chain of batches"),
        ("UPDATE wh.ledger.batches SET records = NULL WHERE batch_id = 3", "chain of batches"),
        ("UPDATE wh.ledger.offsets SET next_offset = NULL", "positions"),
        (
            'UPDATE wh.ledger.deliveries SET received_at = received_at - INTERVAL 1 DAY WHERE "offset" = 0',
            "ledger and event tables agree",
        ),
        (
            "UPDATE wh.events.conversation_queued SET organization_id = 'o' WHERE event_id = 'e-1'",
            "ledger and event tables agree",
        ),
        (  # records 6 to 98 would never be loaded
            "INSERT INTO wh.ledger.offsets BY NAME SELECT topic_id, topic, partition, 6 AS first_offset, "
            "99 AS next_offset, 0 AS records, batch_id FROM wh.ledger.offsets WHERE batch_id = 3",
            "offsets without gaps",
        ),
    ],
)
def test_harm_is_found(loaded: duckdb.DuckDBPyConnection, harm: str, check: str) -> None:
    loaded.execute(harm)
    found = audit(loaded, TOPIC, lambda: {0: Watermarks(0, 6)})
    assert not found.ok
    assert check in {finding.check for finding in found.findings}


@pytest.mark.parametrize(
    ("marks", "problem"),
    [
        (Watermarks(9, 9), "deleted by retention before they were loaded: lost"),
        (Watermarks(0, 3), "the ledger goes beyond the end of the topic"),
        (None, "the partition is gone from the topic"),
    ],
)
def test_a_topic_that_does_not_fit_is_found(
    loaded: duckdb.DuckDBPyConnection, marks: Watermarks | None, problem: str
) -> None:
    ends = {0: marks} if marks else {1: Watermarks(0, 0)}
    found = audit(loaded, TOPIC, lambda: ends)
    assert problem in {finding.problem for finding in found.findings}
    assert not found.ok


def test_a_partition_that_was_never_loaded_may_have_lost_records_too(
    loaded: duckdb.DuckDBPyConnection,
) -> None:
    found = audit(loaded, TOPIC, lambda: {0: Watermarks(0, 6), 1: Watermarks(5, 9)})
    (finding,) = found.findings
    assert (finding.where, finding.records, finding.accepted) == ("topic/1", 5, False)
    assert found.totals.waiting == 4


def test_an_accepted_loss_that_the_topic_still_has_is_found(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    loader = make_loader()
    loader.load(decode_batch(raw_batch(queued(1), queued(2))))
    gone = {0: Watermarks(7, 9)}
    accept_loss(lake, TOPIC, loader.next_offsets, gone, holder="test", now=LOADED_AT)
    assert audit(lake, TOPIC, lambda: gone).ok
    found = audit(lake, TOPIC, lambda: {0: Watermarks(0, 9)})
    assert not found.ok
    assert [f.problem for f in found.findings if not f.accepted] == [
        "accepted as lost, and still on the topic"
    ]


def test_what_an_old_topic_still_held_is_counted(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader
) -> None:
    old = raw_batch(queued(1), queued(2))
    old.ends[0] = 7
    loader = make_loader()
    loader.load(decode_batch(old))
    assert audit(lake, None, None).ok
    loader.load(decode_batch(replace(raw_batch(queued(3)), topic_id="made-anew")))
    found = audit(lake, None, None)
    (finding,) = found.findings
    assert found.ok  # an operator has accepted it, or nothing of the new one were loaded
    assert (finding.check, finding.where, finding.records) == (
        "one topic",
        "topic/0 from offset 2 (topic-id)",
        5,
    )


def test_the_chain_is_followed_from_part_to_part(
    loaded: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_chain, "_RECORDS_AT_ONCE", 1)
    assert list(hash_chain.batch_findings(loaded)) == []
    loaded.execute("UPDATE wh.ledger.deliveries SET body_sha256 = 'x' WHERE batch_id = 2")
    assert [finding.where for finding in hash_chain.batch_findings(loaded)] == ["batch 2"]
