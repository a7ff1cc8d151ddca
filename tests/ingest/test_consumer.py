"""What the reader does when the topic changes under it, on a real broker."""

import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from pipelines.errors import TopicMismatch
from pipelines.ingest.consumer import TopicReader, check_positions
from pipelines.ingest.topic_admin import Watermarks, ensure_topic, topic_info
from pipelines.settings import Settings
from tests.support.settings_for import SettingsFor
from tests.support.topics import delete_topic


def admin(settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})


def send(settings: Settings, count: int, partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})
    for _ in range(count):
        producer.produce(settings.kafka.topic, b"{}", partition=partition)
    assert producer.flush(10) == 0


def read(reader: TopicReader, count: int) -> list[tuple[int, int]]:
    """Positions of `count` records, read in however many batches it takes."""
    found: list[tuple[int, int]] = []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        batch = reader.read(1_000, 0.2)
        found += zip(batch.partitions, batch.offsets, strict=True)
    return found


def test_partitions_that_are_added_are_read_from_their_beginning(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 1})
    topic = ensure_topic(settings.kafka)
    send(settings, 3)
    with TopicReader(settings.kafka, topic, {0: 1}) as reader:
        assert read(reader, 2) == [(0, 1), (0, 2)]
        client = admin(settings)
        client.create_partitions([NewPartitions(topic.topic, 3)])[topic.topic].result(10)
        while topic_info(settings.kafka) == topic:
            time.sleep(0.05)
        send(settings, 2, partition=2)
        send(settings, 1)
        assert sorted(read(reader, 3)) == [(0, 3), (2, 0), (2, 1)]


def test_a_topic_made_anew_is_never_read_on(settings_for: SettingsFor) -> None:
    """The new one already holds records behind the old position, so that no offset is out of range."""
    settings = settings_for(kafka={"partitions": 1})
    topic = ensure_topic(settings.kafka)
    send(settings, 2)
    with TopicReader(settings.kafka, topic, {}) as reader:
        assert len(read(reader, 2)) == 2
        delete_topic(settings.kafka)
        ensure_topic(settings.kafka)
        send(settings, 9)
        with pytest.raises(TopicMismatch):
            read(reader, 1)


@pytest.mark.parametrize(
    ("stored", "found", "words"),
    [
        ({}, {0: Watermarks(7, 9)}, "offsets 0 to 6 .7 records. were deleted"),
        ({0: 3}, {0: Watermarks(0, 9), 1: Watermarks(700, 700)}, "partition 1: offsets 0 to 699"),
        ({0: 3}, {0: Watermarks(4, 9)}, "offsets 3 to 3"),
        ({0: 3}, {0: Watermarks(0, 2)}, "truncated or restored"),
        ({1: 3}, {0: Watermarks(0, 2)}, "gone from the topic"),
    ],
)
def test_positions_that_cannot_be_gone_on_from_say_what_is_lost(
    stored: dict[int, int], found: dict[int, Watermarks], words: str
) -> None:
    check_positions({0: 2}, {0: Watermarks(1, 2), 1: Watermarks(0, 0)})
    with pytest.raises(TopicMismatch, match=words):
        check_positions(stored, found)
