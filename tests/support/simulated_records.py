"""Deliveries of a simulation as the receiver would have put them on the topic."""

from collections.abc import Sequence
from datetime import datetime

from pipelines.ingest.raw_batch import RawBatch
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.world.endpoints import ENDPOINTS
from receiver.envelope import DeliveryEnvelope

ORGANIZATIONS = {each.source: frozenset(each.organizations) for each in ENDPOINTS if each.organizations}
"""What the sources list, as the loader takes it."""


def records(deliveries: Sequence[Delivery], received_at: datetime, start: int = 0) -> RawBatch:
    """One batch of partition 0 that begins at offset `start`, all received at one instant."""
    batch = RawBatch(topic="topic", topic_id="topic-id")
    for offset, delivery in enumerate(deliveries, start):
        envelope = DeliveryEnvelope(
            delivery_id=f"d-{offset}",
            source=delivery.source,
            provider=delivery.provider,
            received_at=received_at,
            key=b"",
            body=delivery.body,
            key_id="k",
            message_id=delivery.message_id,
        )
        add_record(batch, offset, envelope)
    return batch


def add_record(batch: RawBatch, offset: int, envelope: DeliveryEnvelope) -> None:
    """Append an envelope as the record of partition 0 at an offset."""
    batch.partitions.append(0)
    batch.offsets.append(offset)
    batch.bodies.append(envelope.body)
    headers = dict(envelope.headers())
    for name, column in batch.headers.items():
        value = headers.get(name)
        assert not isinstance(value, str)
        column.append(value)
