"""Conversion of journeys to the events that a provider sends, as JSON documents in its format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from pipelines.simulate.journeys.model import Analysis, Conversation, LooseBooking
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey, PoppJourney
from pipelines.simulate.journeys.workflow_model import Publication, Run, UnresolvedContact
from pipelines.simulate.payloads.analyses import analysis_notices
from pipelines.simulate.payloads.conversations import conversation_notices, legacy_notices
from pipelines.simulate.payloads.meetings import loose_booking_notices
from pipelines.simulate.payloads.orufy import orufy_bodies
from pipelines.simulate.payloads.payload import Data, EventPayload, instant
from pipelines.simulate.payloads.unknown_fields import with_extras
from pipelines.simulate.payloads.workflows import contact_notices, publication_notices, run_notices
from pipelines.simulate.world.endpoints import ORUFY, POPP, Endpoint


@dataclass(frozen=True, slots=True)
class SimulatedEvent:
    """Simulated event: its type, the time in its envelope, the document to send, and the receiving endpoint.

    `message_id` is sent as a header; None when the provider has no such header.
    """

    event_type: str
    at: datetime
    document: Data
    organization_id: str = ""
    endpoint: Endpoint = POPP
    message_id: str | None = None

    def body(self) -> bytes:
        """Return the document as compact JSON."""
        return msgspec.json.encode(self.document)


def events_of(journey: Journey) -> Iterator[SimulatedEvent]:
    """Yield the events of a journey. Popp's events have ids, unique within their organization."""
    if isinstance(journey, OrufyBooking):
        for body in orufy_bodies(journey):
            event_type = str(body["eventType"])
            yield SimulatedEvent(event_type, journey.at, body, journey.account.id, ORUFY)
    else:
        yield from _popp_events(journey)


def _popp_events(journey: PoppJourney) -> Iterator[SimulatedEvent]:
    organization = journey.organization
    write: Writer = legacy_notices if organization.legacy else WRITERS[type(journey)]
    for position, notice in enumerate(write(journey)):
        number = f"{journey.number}{position:02x}"
        document: Data = {"event": notice.event_type}
        if not organization.legacy:
            document["eventId"] = f"evt_{number}"
            document["eventTimestamp"] = instant(notice.at, organization.clock)
        document["data"] = notice.data
        yield SimulatedEvent(notice.event_type, notice.at, with_extras(document, number), organization.id)


Writer = Callable[[Any], Iterator[EventPayload]]
WRITERS: MappingProxyType[type[PoppJourney], Writer] = MappingProxyType(
    {
        Conversation: conversation_notices,
        LooseBooking: loose_booking_notices,
        Run: run_notices,
        UnresolvedContact: contact_notices,
        Publication: publication_notices,
        Analysis: analysis_notices,
    }
)
