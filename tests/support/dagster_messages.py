"""Deliveries on the topic, as the receiver writes them."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Producer

from pipelines.ingest.topic_admin import ensure_topic
from pipelines.settings import Settings
from receiver.envelope import DeliveryEnvelope

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
BROKEN = b'{"event": "CONVERSATION_STARTED", '
"""Not JSON."""


def conversation(event: str, number: int, **data: Any) -> bytes:
    """An event of conversation `c-<number>`, a minute after the one of the number before."""
    document = {
        "event": event,
        "eventId": f"{event}-{number}",
        "eventTimestamp": (AT + dt.timedelta(minutes=number)).isoformat().replace("+00:00", "Z"),
        "data": {"recordId": f"c-{number}", "organizationId": "org-1", **data},
    }
    return json.dumps(document).encode()


def started(number: int) -> bytes:
    """CONVERSATION_STARTED."""
    return conversation("CONVERSATION_STARTED", number, conversationStatus="ONGOING")


def put(settings: Settings, bodies: Iterable[bytes]) -> None:
    """Put deliveries on the topic and wait until the broker has confirmed all."""
    ensure_topic(settings.kafka)
    producer = Producer(settings.kafka.client_config())
    for body in bodies:
        envelope = DeliveryEnvelope(str(uuid.uuid4()), "popp", "popp", AT, b"key", body)
        producer.produce(
            settings.kafka.topic, key=envelope.key, value=envelope.body, headers=envelope.headers()
        )
    assert producer.flush(20) == 0
