"""A topic of a test's own, and what stands on it."""

import time

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pipelines.ingest.topic_admin import topic_info
from receiver.settings import KafkaSettings

PARTITIONS = 3


def create_topic(kafka: KafkaSettings) -> None:
    """Makes the topic as the settings name it."""
    topic = NewTopic(kafka.topic, PARTITIONS, 1, config={"max.message.bytes": str(kafka.max_message_bytes)})
    admin = AdminClient({**kafka.client_config()})
    for made in admin.create_topics([topic]).values():
        made.result(30)


def delete_topic(kafka: KafkaSettings) -> None:
    """Deletes the topic and waits until it is gone."""
    admin = AdminClient({**kafka.client_config()})
    admin.delete_topics([kafka.topic])[kafka.topic].result(10)
    while topic_info(kafka) is not None:
        time.sleep(0.05)


def messages(kafka: KafkaSettings) -> list[Message]:
    """Everything on the topic now."""
    consumer = Consumer(kafka.client_config() | {"group.id": "test", "enable.auto.commit": False})
    try:
        places = [TopicPartition(kafka.topic, number, 0) for number in range(PARTITIONS)]
        waiting = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
        consumer.assign(places)
        found: list[Message] = []
        while len(found) < waiting:
            found += consumer.consume(waiting - len(found), timeout=10)
        return found
    finally:
        consumer.close()


def headers(message: Message) -> dict[str, str]:
    """The headers as text."""
    found: list[tuple[str, bytes]] = message.headers() or []  # type: ignore[assignment]
    return {name: value.decode() for name, value in found}
