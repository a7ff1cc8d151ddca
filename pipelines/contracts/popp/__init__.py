"""Popp AI: one envelope, five families of events."""

from pipelines.contracts.contract import Provider
from pipelines.contracts.types import Identifier, Instant, Record

PROVIDER = Provider(
    name="popp",
    event_type=("event",),
    event_id=("eventId",),
    organization=("data", "organizationId"),
    clocks=(("data", "timestamp"), ("eventTimestamp",)),
    flattened=frozenset({"data"}),
    placeholders=frozenset({"org_123456", "evt_abc123"}),
)


class Envelope(Record, tag_field="event"):
    """What every Popp document has; the legacy one has neither id nor timestamp."""

    event_id: Identifier | None = None
    event_timestamp: Instant | None = None
