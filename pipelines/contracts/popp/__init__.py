"""Popp AI: one envelope, five families of events."""

from typing import Annotated

from pipelines.contracts.base import ProviderContract
from pipelines.contracts.field_types import Identifier, Instant, Record, documented

PAGE = "Popp, Webhook Event Structure"

PROVIDER = ProviderContract(
    name="popp",
    event_type=("event",),
    event_id=("eventId",),
    organization=("data", "organizationId"),
    clocks=(("data", "timestamp"), ("eventTimestamp",)),
    flattened=frozenset({"data"}),
    placeholders=frozenset({"org_123456", "evt_abc123"}),
)


class PoppDocument(Record, tag_field="event"):
    """Fields of every Popp document; the legacy one has neither id nor timestamp."""

    event_id: Annotated[Identifier | None, documented("the event; not in the legacy envelope", PAGE)] = None
    event_timestamp: Annotated[
        Instant | None,
        documented("when it occurred, or was sent: two pages disagree; not in the legacy envelope", PAGE),
    ] = None


class EventData(Record, kw_only=True):
    """Fields of `data` in every event, next to `recordId`, whose meaning differs by event."""

    organization_id: Annotated[Identifier, documented("the Popp account, one tenant", PAGE)]
