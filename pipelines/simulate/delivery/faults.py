"""Delivery faults: repeated, late and disordered deliveries, broken bodies."""

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
"""Maximum number of places that a delivery moves back."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to be sent to `source`. `duplicate`: the same event was sent before, here or elsewhere.

    `message_id` goes next to the body, the same for the same event; None where the provider has no such id.
    """

    body: bytes
    event_type: str
    duplicate: bool = False
    source: str = POPP.source
    provider: str = POPP.provider
    message_id: str | None = None


def out_of_order(rng: Random, events: Sequence[SimulatedEvent], end: datetime) -> list[Delivery]:
    """Every event once and some again, roughly by time: shuffled locally, a few of each much later.

    What an organization that moves sent since its second endpoint was set up is sent to that one again.
    """
    placed = [(_place(rng, place, len(events)), event) for place, event in enumerate(sorted_by_time(events))]
    once = [(place, _delivery(rng, event)) for place, event in placed]
    again = rng.choices(placed, k=round(len(placed) * DUPLICATE_SHARE)) if placed else []
    repeated = [_again(rng, place, event, len(events)) for place, event in again]
    moving = [(place, event) for place, event in placed if sent_twice(event.organization_id, event.at, end)]
    repeated += [
        _again(rng, place, replace(event, endpoint=POPP_SECOND), len(events)) for place, event in moving
    ]
    return [delivery for _, delivery in sorted(once + repeated, key=lambda placed: placed[0])]


def _again(rng: Random, place: float, event: SimulatedEvent, count: int) -> tuple[float, Delivery]:
    return _place(rng, place + 0.001, count), replace(_delivery(rng, event), duplicate=True)


def sorted_by_time(events: Sequence[SimulatedEvent]) -> list[SimulatedEvent]:
    """Events as a provider without faults would send them."""
    return sorted(events, key=lambda event: event.at)


def _place(rng: Random, place: float, count: int) -> float:
    """Later by up to `DISORDER` places, one in fifty by up to everything, a few after everything."""
    luck = rng.random()
    if luck < LATE_SHARE:
        return max(place, count + DISORDER) + rng.random()
    reach = max(count - place, 0) if luck < 0.02 else DISORDER
    return place + rng.random() * reach


def _delivery(rng: Random, event: SimulatedEvent) -> Delivery:
    """Some bodies are written by another serialiser: the same document in other bytes."""
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
    """An event that no contract knows; it loads all the same."""
    event_type = UNKNOWN_EVENTS[name % len(UNKNOWN_EVENTS)]
    data = {"recordId": f"other_{number}", "organizationId": organization.id, "detail": {"step": name}}
    return SimulatedEvent(event_type, at, _document(event_type, number, at, data))


def poison(organization: Organization, number: str, at: datetime) -> Iterator[Delivery]:
    """Bodies that are signed but cannot be decoded, endlessly in turn; each belongs into quarantine."""
    position = 0
    while True:
        for spoil in (_cut_short, _no_record, _counted_in_words, _no_zone, _not_text, _no_json):
            yield spoil(organization.id, f"{number}{position:02x}", at)
            position += 1


def _cut_short(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": f"conv_{number}", "organizationId": organization_id}
    return _spoiled("CONVERSATION_QUEUED", number, at, data, cut=9)


def _no_record(organization_id: str, number: str, at: datetime) -> Delivery:
    return _spoiled("CONVERSATION_OPTED_OUT", number, at, {"organizationId": organization_id})


def _counted_in_words(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": f"conv_{number}", "organizationId": organization_id, "nudgesSent": "three"}
    return _spoiled("CONVERSATION_MAX_NUDGES_REACHED", number, at, data)


def _no_zone(organization_id: str, number: str, at: datetime) -> Delivery:
    details = {"startDateTime": "2026-03-29T02:30:00", "endDateTime": "2026-03-29T03:00:00"}
    data = {"recordId": f"booking_{number}", "organizationId": organization_id, "meetingDetails": details}
    return _spoiled("CALENDAR_MEETING_SCHEDULED", number, at, data)


def _not_text(organization_id: str, number: str, at: datetime) -> Delivery:
    data = {"recordId": 17, "organizationId": organization_id}
    return _spoiled("WORKFLOW_RUN_STARTED", number, at, data)


def _no_json(organization_id: str, number: str, at: datetime) -> Delivery:
    return Delivery(f"<html><body>{organization_id} {number} {instant(at)}</body></html>".encode(), "")


def _spoiled(event_type: str, number: str, at: datetime, data: Data, cut: int = 0) -> Delivery:
    body = msgspec.json.encode(_document(event_type, number, at, data))
    return Delivery(body[: len(body) - cut], event_type)


def _document(event_type: str, number: str, at: datetime, data: Data) -> Data:
    return {"event": event_type, "eventId": f"evt_{number}", "eventTimestamp": instant(at), "data": data}
