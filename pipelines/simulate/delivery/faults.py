"""Simulated faults of delivery: duplicates, late and reordered deliveries, broken bodies."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import msgspec

from pipelines.simulate.payloads.events import SimulatedEvent
from pipelines.simulate.payloads.payload import Data, instant
from pipelines.simulate.world.endpoints import POPP, POPP_SECOND, sent_twice
from pipelines.simulate.world.sample_texts import UNKNOWN_EVENTS
from pipelines.simulate.world.tenants import Organization

DUPLICATE_SHARE = 0.04
LATE_SHARE = 0.004
DISORDER = 60.0
"""Maximum number of positions by which a delivery is delayed in the sending order."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Simulated HTTP request to `source`.

    `duplicate` is True when the same event was sent before, to any source. `message_id` is sent as a header,
    equal for the same event; None when the provider has no such header.
    """

    body: bytes
    event_type: str
    duplicate: bool = False
    source: str = POPP.source
    provider: str = POPP.provider
    message_id: str | None = None


def deliveries_with_faults(rng: Random, events: Sequence[SimulatedEvent], end: datetime) -> list[Delivery]:
    """Return a delivery of every event and some duplicates, roughly by time, a few of them much later.

    Events of the organization with two endpoints are also sent to its second one, once that exists.
    """
    placed = [
        (_delayed_place(rng, place, len(events)), event) for place, event in enumerate(sorted_by_time(events))
    ]
    once = [(place, _delivery(rng, event)) for place, event in placed]
    again = rng.choices(placed, k=round(len(placed) * DUPLICATE_SHARE)) if placed else []
    repeated = [_repeat(rng, place, event, len(events)) for place, event in again]
    moving = [(place, event) for place, event in placed if sent_twice(event.organization_id, event.at, end)]
    repeated += [
        _repeat(rng, place, replace(event, endpoint=POPP_SECOND), len(events)) for place, event in moving
    ]
    return [delivery for _, delivery in sorted(once + repeated, key=lambda placed: placed[0])]


def _repeat(rng: Random, place: float, event: SimulatedEvent, count: int) -> tuple[float, Delivery]:
    return _delayed_place(rng, place + 0.001, count), replace(_delivery(rng, event), duplicate=True)


def sorted_by_time(events: Sequence[SimulatedEvent]) -> list[SimulatedEvent]:
    """Sort events by their time."""
    return sorted(events, key=lambda event: event.at)


def _delayed_place(rng: Random, place: float, count: int) -> float:
    """Return `place` plus up to `DISORDER`. In 1.6 % the limit is `count`; `LATE_SHARE` go to the end."""
    luck = rng.random()
    if luck < LATE_SHARE:
        return max(place, count + DISORDER) + rng.random()
    reach = max(count - place, 0) if luck < 0.02 else DISORDER
    return place + rng.random() * reach


def _delivery(rng: Random, event: SimulatedEvent) -> Delivery:
    """Delivery of an event. 3 % of the bodies are formatted differently: equal documents, other bytes."""
    style = rng.random()
    if style < 0.02:
        body = json.dumps(event.document).encode()
    elif style < 0.03:
        body = json.dumps(event.document, ensure_ascii=False, indent=2, sort_keys=True).encode()
    else:
        body = event.body()
    endpoint = event.endpoint
    return Delivery(body, event.event_type, False, endpoint.source, endpoint.provider, event.message_id)


def unknown_event(organization: Organization, number: str, name: int, at: datetime) -> SimulatedEvent:
    """Create an event of a type without a contract; the loader loads such events as generic ones."""
    event_type = UNKNOWN_EVENTS[name % len(UNKNOWN_EVENTS)]
    data = {"recordId": f"other_{number}", "organizationId": organization.id, "detail": {"step": name}}
    return SimulatedEvent(event_type, at, _document(event_type, number, at, data))


def broken_deliveries(organization: Organization, number: str, at: datetime) -> Iterator[Delivery]:
    """Yield deliveries without end whose bodies are signed but cannot be decoded and must be quarantined."""
    position = 0
    while True:
        for make_delivery in (
            _truncated_body,
            _missing_record_id,
            _count_as_text,
            _time_without_zone,
            _id_as_number,
            _html_body,
        ):
            yield make_delivery(organization.id, f"{number}{position:02x}", at)
            position += 1


def _truncated_body(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": f"conv_{number}", "organizationId": organization_id}
    return _broken_delivery("CONVERSATION_QUEUED", number, at, data, cut=9)


def _missing_record_id(organization_id: str, number: str, at: datetime) -> Delivery:
    return _broken_delivery("CONVERSATION_OPTED_OUT", number, at, {"organizationId": organization_id})


def _count_as_text(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": f"conv_{number}", "organizationId": organization_id, "nudgesSent": "three"}
    return _broken_delivery("CONVERSATION_MAX_NUDGES_REACHED", number, at, data)


def _time_without_zone(organization_id: str, number: str, at: datetime) -> Delivery:
    details = {"startDateTime": "2026-03-29T02:30:00", "endDateTime": "2026-03-29T03:00:00"}
    data = {"recordId": f"booking_{number}", "organizationId": organization_id, "meetingDetails": details}
    return _broken_delivery("CALENDAR_MEETING_SCHEDULED", number, at, data)


def _id_as_number(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": 17, "organizationId": organization_id}
    return _broken_delivery("WORKFLOW_RUN_STARTED", number, at, data)


def _html_body(organization_id: str, number: str, at: datetime) -> Delivery:
    return Delivery(f"<html><body>{organization_id} {number} {instant(at)}</body></html>".encode(), "")


def _broken_delivery(event_type: str, number: str, at: datetime, data: Data, cut: int = 0) -> Delivery:
    body = msgspec.json.encode(_document(event_type, number, at, data))
    return Delivery(body[: len(body) - cut], event_type)


def _document(event_type: str, number: str, at: datetime, data: Data) -> Data:
    return {"event": event_type, "eventId": f"evt_{number}", "eventTimestamp": instant(at), "data": data}
