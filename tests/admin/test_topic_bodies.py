"""A rebuild with the bodies of a real topic: the same rows, or a list of what the topic does not hold."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from pipelines.admin.audit import audit
from pipelines.admin.reprocess.rebuild import Rebuilder, RebuildResult, rebuilding
from pipelines.admin.reprocess.topic_bodies import NotOnTopic, missing_from, records_of_topic
from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.topic_admin import TopicInfo, Watermarks, topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.settings import Settings
from tests.support.events import BROKEN, queued
from tests.support.produce import produce
from tests.support.settings_for import SettingsFor

Lake = duckdb.DuckDBPyConnection
NAMED = [queued(number, participantFirstName=f"name-{number}") for number in range(40)]


@pytest.fixture
def settings(settings_for: SettingsFor) -> Settings:
    """A lake with what was loaded from two partitions: forty events, one twice, one broken."""
    settings = settings_for(kafka={"partitions": 2})
    with open_loader(settings, "test", LoadPolicy()) as (reader, loader):
        sent = produce(settings.kafka, [*NAMED, NAMED[0], BROKEN])
        while sum(loader.next_offsets.values()) < sent:
            batch = reader.read(1_000, 1.0)
            if len(batch):
                loader.load(decode_batch(batch))
    return settings


@contextmanager
def topic_of(settings: Settings) -> Iterator[tuple[Lake, TopicInfo, dict[int, Watermarks]]]:
    topic = topic_info(settings.kafka)
    assert topic is not None
    with open_lake(settings.warehouse) as lake:
        yield lake, topic, dict(watermarks(settings.kafka, topic))


def rebuild(settings: Settings, lake: Lake, topic: TopicInfo, marks: dict[int, Watermarks]) -> RebuildResult:
    with rebuilding(settings.warehouse):
        return Rebuilder(
            lake,
            settings.warehouse,
            holder="test",
            organizations={},
            clock=lambda: dt.datetime.now(dt.UTC),
            progress=lambda step, done, total: None,
        ).rebuild(records_of_topic(lake, settings.kafka, topic, marks))


def rows(lake: Lake, table: str = "events.conversation_queued") -> list[tuple[object, ...]]:
    return lake.execute(f"FROM wh.{table} ORDER BY ALL").fetchall()


def test_the_topic_gives_the_same_rows_and_nothing_of_what_was_erased(settings: Settings) -> None:
    with topic_of(settings) as (lake, topic, marks):
        assert missing_from(lake, topic, marks) == []
        before = rows(lake)
        lake.execute("DELETE FROM wh.events.conversation_queued WHERE conversation_id < 'c-3'")
        lake.execute("UPDATE wh.ledger.bodies SET body = 'not read'")
        assert rebuild(settings, lake, topic, marks).exchanged.records == len(NAMED)
        assert rows(lake) == before

        redacted = queued(7, participantFirstName=None)
        seventh = "(SELECT event_key FROM wh.events.conversation_queued WHERE conversation_id = 'c-7')"
        lake.execute(f"UPDATE wh.ledger.deliveries SET erased_at = now() WHERE event_key IN {seventh}")
        lake.execute("UPDATE wh.ledger.bodies SET body = ?", [redacted])
        rebuild(settings, lake, topic, marks)
        names = dict(
            lake.execute(
                "SELECT conversation_id, participant_first_name FROM wh.events.conversation_queued"
            ).fetchall()
        )
        assert names == {f"c-{n}": None if n == 7 else f"name-{n}" for n in range(len(NAMED))}


def test_what_the_topic_lacks_is_listed_and_nothing_changes(settings: Settings) -> None:
    with topic_of(settings) as (lake, topic, marks):
        before = rows(lake), rows(lake, "ledger.batches")
        place = lake.execute('SELECT partition, "offset" FROM wh.ledger.deliveries LIMIT 1').fetchone()
        assert place is not None
        lake.execute(
            "UPDATE wh.ledger.deliveries SET body_sha256 = 'x' WHERE partition = ? AND \"offset\" = ?",
            list(place),
        )
        with pytest.raises(NotOnTopic) as caught:
            rebuild(settings, lake, topic, marks)
        (other,) = caught.value.missing
        assert (other.partition, other.first_offset, other.records) == (*place, 1)
        assert "another body" in other.why

        delete_before(settings, partition=0, offset=5)
        left = dict(watermarks(settings.kafka, topic))
        (gone,) = missing_from(lake, topic, left)
        assert (gone.partition, gone.first_offset, gone.last_offset, gone.records) == (0, 0, 4, 5)
        assert gone.why == "deleted by retention"
        anew = missing_from(lake, TopicInfo(topic.topic, "another", 2), left)
        assert {each.why for each in anew} == {"loaded from another topic"}
        assert sum(each.records for each in anew) == len(NAMED) + 2
        assert (rows(lake), rows(lake, "ledger.batches")) == before
        assert [f.check for f in audit(lake, None, None).findings if "event" in f.check] == []


def delete_before(settings: Settings, *, partition: int, offset: int) -> None:
    admin = AdminClient({**settings.kafka.client_config()})
    for answer in admin.delete_records([TopicPartition(settings.kafka.topic, partition, offset)]).values():
        answer.result(30)
