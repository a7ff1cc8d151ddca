"""The topic on a real broker."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from pipelines.errors import TopicMismatch, Unavailable
from pipelines.host.preflight import free_port
from pipelines.ingest import topic_admin
from pipelines.ingest.topic_admin import Watermarks, ensure_topic, topic_info, watermarks
from pipelines.settings import Settings
from tests.support.settings_for import SettingsFor


def configured(settings: Settings) -> dict[str, str]:
    admin = AdminClient({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})
    resource = ConfigResource(ConfigResource.Type.TOPIC, settings.kafka.topic)
    answer = admin.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in answer.items()}


def test_it_is_created_as_configured_once(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 3, "retention_days": 2, "max_message_bytes": 3_000_000})
    assert topic_info(settings.kafka) is None
    made = ensure_topic(settings.kafka)
    assert (made.topic, made.partitions) == (settings.kafka.topic, 3)
    assert len(made.topic_id) == 22
    assert ensure_topic(settings.kafka) == made == topic_info(settings.kafka)
    found = configured(settings)
    assert found["retention.ms"] == str(2 * 24 * 3600 * 1000)
    assert found["max.message.bytes"] == "3000000"
    assert found["min.insync.replicas"] == "1"


def test_several_processes_may_create_it_at_once(settings_for: SettingsFor) -> None:
    settings = settings_for()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ensure_topic(settings.kafka), range(4)))
    assert len(set(made)) == 1


def test_fewer_partitions_than_configured_is_refused_and_more_are_fine(settings_for: SettingsFor) -> None:
    ensure_topic(settings_for(kafka={"partitions": 2}).kafka)
    with pytest.raises(TopicMismatch, match=r"has 2 partitions and 3 .* HIRESTREAM_KAFKA__PARTITIONS=2"):
        ensure_topic(settings_for(kafka={"partitions": 3}).kafka)
    assert ensure_topic(settings_for(kafka={"partitions": 1}).kafka).partitions == 2


def test_smaller_messages_than_configured_are_refused(settings_for: SettingsFor) -> None:
    ensure_topic(settings_for(kafka={"max_message_bytes": 100_000}).kafka)
    with pytest.raises(TopicMismatch, match=r"100000 bytes .* raise its max\.message\.bytes"):
        ensure_topic(settings_for().kafka)


@pytest.mark.parametrize("policy", ["compact", "delete,compact"])
def test_a_topic_that_deletes_deliveries_before_their_time_is_refused(
    settings_for: SettingsFor, policy: str
) -> None:
    settings = settings_for()
    admin = AdminClient({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})
    topic_admin = NewTopic(settings.kafka.topic, settings.kafka.partitions, config={"cleanup.policy": policy})
    admin.create_topics([topic_admin])[settings.kafka.topic].result(10)
    with pytest.raises(TopicMismatch, match=r"is compacted, .* set its cleanup\.policy to delete"):
        ensure_topic(settings.kafka)


def test_one_replica_outside_the_embedded_broker_is_warned_of(
    settings_for: SettingsFor, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for()
    with caplog.at_level(logging.WARNING):
        ensure_topic(settings.kafka)
        assert "one replica" in caplog.text
        caplog.clear()
        port = str(settings.kafka.bootstrap_servers).rpartition(":")[2]
        ensure_topic(settings_for(kafka={"bootstrap_servers": None, "port": int(port)}).kafka)
        assert not caplog.records


def test_watermarks(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 2})
    info = ensure_topic(settings.kafka)
    producer = Producer({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})
    for _ in range(5):
        producer.produce(info.topic, b"x", partition=1)
    producer.flush(10)
    assert watermarks(settings.kafka, info) == {0: Watermarks(0, 0), 1: Watermarks(0, 5)}


def test_a_partition_between_two_leaders_is_asked_again(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for()
    info = ensure_topic(settings.kafka)
    moving = [KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))]
    offsets = topic_admin._offsets

    def once_moving(*asked: Any) -> dict[int, int]:
        if moving:
            raise moving.pop()
        return offsets(*asked)

    monkeypatch.setattr(topic_admin, "_offsets", once_moving)
    assert watermarks(settings.kafka, info)[0] == Watermarks(0, 0)
    moving.append(KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)))
    with pytest.raises(Unavailable, match="authorization"):
        watermarks(settings.kafka, info)


def test_an_absent_cluster_is_one_sentence_in_bounded_time(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"bootstrap_servers": f"127.0.0.1:{free_port()}"})
    started = time.monotonic()
    with pytest.raises(Unavailable, match="does not serve topic") as refused:
        ensure_topic(settings.kafka, timeout_seconds=2)
    assert time.monotonic() - started < 6
    assert "\n" not in str(refused.value)


def test_security_settings_reach_the_client(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"config": {"SECURITY_PROTOCOL": "SSL"}})
    with pytest.raises(Unavailable):  # the broker speaks no TLS
        ensure_topic(settings.kafka, timeout_seconds=2)
