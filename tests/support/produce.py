"""Deliveries straight onto the topic, as the receiver writes them."""

import datetime as dt
import uuid
from collections.abc import Iterable

from confluent_kafka import Producer

from receiver.envelope import DeliveryEnvelope
from receiver.settings import KafkaSettings


def produce(kafka: KafkaSettings, bodies: Iterable[bytes]) -> int:
    """Put bodies on the topic, confirmed. Returns how many."""
    producer = Producer({**kafka.client_config(), "linger.ms": 5, "acks": "all"})
    count = 0
    for count, body in enumerate(bodies, start=1):
        sent = DeliveryEnvelope(
            str(uuid.uuid4()), "popp", "popp", dt.datetime.now(dt.UTC), str(count % 50).encode(), body
        )
        producer.produce(kafka.topic, sent.body, key=sent.key, headers=sent.headers())
        producer.poll(0)
    assert producer.flush(30) == 0
    return count
