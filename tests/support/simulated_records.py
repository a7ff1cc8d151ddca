"""Deliveries of a simulation as the receiver would have put them on the topic."""

from collections.abc import Sequence
from datetime import datetime

from pipelines.ingest.raw_batch import RawBatch
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.world.endpoints import ENDPOINTS
from receiver.envelope import ENVELOPE_VERSION, format_instant

ORGANIZATIONS = {each.source: frozenset(each.organizations) for each in ENDPOINTS if each.organizations}
"""What the sources list, as the loader takes it."""


def records(deliveries: Sequence[Delivery], received_at: datetime, start: int = 0) -> RawBatch:
    """One batch of partition 0 that begins at offset `start`, all received at one instant."""
    batch = RawBatch("topic", "topic-id")
    for offset, delivery in enumerate(deliveries, start):
        batch.partitions.append(0)
        batch.offsets.append(offset)
        batch.bodies.append(delivery.body)
        batch.delivery_ids.append(f"d-{offset}".encode())
        batch.sources.append(delivery.source.encode())
        batch.providers.append(delivery.provider.encode())
        batch.received_at.append(format_instant(received_at).encode())
        batch.versions.append(ENVELOPE_VERSION.encode())
        batch.key_ids.append(b"k")
        batch.message_ids.append(delivery.message_id.encode() if delivery.message_id else None)
    return batch
