"""Counts the eight marts from bodies alone, slowly and plainly: a second opinion on the simulator's truth."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipelines.simulate.delivery.faults import Delivery
from tests.support.recount_orufy import accounts, chains

Cell = tuple[str, str, str]
"""Mart, organization, day."""

DECIDED = ("COMPLETED_SCREENING_PASSED", "COMPLETED_SCREENING_FAILED")
BY_STATUS = {
    "COMPLETED_CANDIDATE_NOT_INTERESTED": "not_interested",
    "CLOSED": "closed",
    "COMPLETED": "completed_undecided",
}
ORDER = ["decided", "not_interested", "opted_out", "closed", "completed_undecided", "other_status"]
NO_START = ("CONVERSATION_QUEUED", "START_CONVERSATION_FAILED")
FRICTION = ("MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND")


@dataclass
class Seen:
    """One event."""

    name: str
    at: datetime
    data: dict[str, Any]


def seen(deliveries: Iterable[Delivery], sent_at: datetime) -> list[Seen]:
    """Events of Popp without repetitions; those of the placeholder organization are left out."""
    found: dict[str, Seen] = {}
    for body in (delivery.body for delivery in deliveries if delivery.provider == "popp"):
        document = msgspec.json.decode(body)
        data = document["data"]
        key = f"{data['organizationId']} {document.get('eventId', body)}"
        stamp = data.get("timestamp") or document.get("eventTimestamp")
        if data["organizationId"] != "org_123456":
            at = datetime.fromisoformat(stamp) if stamp else sent_at
            found.setdefault(key, Seen(document["event"], at, data))
    return list(found.values())


def recount(deliveries: list[Delivery], sent_at: datetime, time_zone: str) -> dict[Cell, Counter[str]]:
    """Counts by bucket; a bucket is numerator, miss, open or an excluded reason."""
    zone, cells = ZoneInfo(time_zone), defaultdict[Cell, Counter[str]](Counter)
    for mart, organization, at, bucket in _all(seen(deliveries, sent_at)):
        cells[mart, organization, str(at.astimezone(zone).date())][bucket] += 1
    for name, account in accounts(deliveries).items():
        for mart in ("scheduling_success_cohort", "scheduling_success_activity"):
            day = str(sent_at.astimezone(zone).date())
            cells[mart, name, day]["no_failure_signal"] += len(chains(account))
    return dict(cells)


def _all(events: list[Seen]) -> Iterator[tuple[str, str, datetime, str]]:
    talks: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    bookings: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    runs: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    kinds: dict[tuple[str, str], str | None] = {}
    for event in events:
        organization, record = event.data["organizationId"], event.data["recordId"]
        if event.name.startswith("CALENDAR_MEETING") or event.name == "CALENDAR_NOTE_TAKER_COMPLETED":
            if conversation := event.data.get("conversationId"):
                talks[organization, conversation].append(event)
            else:
                bookings[organization, record].append(event)
        elif event.name in ("CONVERSATION_TRANSLATED", "DOCUMENT_UPLOADED"):
            continue
        elif "CONVERSATION" in event.name or event.name.startswith("CALENDAR"):
            talks[organization, record].append(event)
        elif event.name.startswith(("WORKFLOW_RUN", "WORKFLOW_NODE", "WORKFLOW_CONTACT_RESOLVED")):
            runs[organization, record].append(event)
        if event.name == "CONVERSATION_MAX_NUDGES_REACHED":
            kinds[organization, event.data["campaignId"]] = event.data["campaignType"]
    for (organization, _), of_talk in talks.items():
        yield from _talk(organization, of_talk, kinds)
    for (organization, _), of_booking in bookings.items():
        first = min(event.at for event in of_booking)
        yield "scheduling_success_cohort", organization, first, "numerator"
        yield "scheduling_success_activity", organization, first, "numerator"
    for (organization, _), of_run in runs.items():
        yield from _run(organization, of_run)


def _talk(
    organization: str, events: list[Seen], kinds: dict[tuple[str, str], str | None]
) -> Iterator[tuple[str, str, datetime, str]]:
    starts = [event.at for event in events if event.name == "CONVERSATION_STARTED"]
    begun = min(starts) if starts else min(event.at for event in events)
    booked = [
        event.at
        for event in events
        if event.name.startswith("CALENDAR_MEETING") or event.name == "CALENDAR_NOTE_TAKER_COMPLETED"
    ]
    hard = [event.at for event in events if _is_signal(event)]
    bucket = "numerator" if booked else "miss" if hard else "no_signal"
    yield "scheduling_success_cohort", organization, begun, bucket
    if bucket != "no_signal":
        yield "scheduling_success_activity", organization, min(booked) if booked else max(hard), bucket

    outcome, decided_at = _outcome(events, any(event.name not in NO_START for event in events))
    yield "screening_pass_rate_cohort", organization, begun, outcome
    if decided_at:
        yield "screening_pass_rate_activity", organization, decided_at, outcome

    nudged = [event.at for event in events if event.name == "CONVERSATION_MAX_NUDGES_REACHED"]
    interviewer = any(
        kinds.get((organization, campaign)) == "AVAILABILITY_OUTREACH" for campaign in _campaigns(events)
    )
    bucket = "interviewer" if interviewer else "numerator" if nudged else "miss"
    if all(event.name in NO_START for event in events):
        yield "nudge_exhaustion_cohort", organization, begun, outcome
    else:
        yield "nudge_exhaustion_cohort", organization, begun, bucket
    if nudged or (decided_at and outcome != "failed_to_start"):
        at = min(nudged) if nudged else decided_at
        assert at
        yield "nudge_exhaustion_activity", organization, at, bucket


def _is_signal(event: Seen) -> bool:
    if event.name == "CONVERSATION_MAX_NUDGES_REACHED":
        return bool(event.data["campaignType"] == "SCHEDULING")
    if event.name == "CONVERSATION_NEEDS_REVIEW":
        return event.data.get("needsReviewReason") in FRICTION
    return event.name in [f"CALENDAR_{kind}" for kind in FRICTION]


def _campaigns(events: list[Seen]) -> Iterator[str]:
    for event in events:
        if "campaignId" in event.data:
            yield event.data["campaignId"]
        if match := re.search(r"/campaign/outbound/([^?]+)\?", event.data.get("campaignConversationUrl", "")):
            yield match[1]


def _outcome(events: list[Seen], started: bool) -> tuple[str, datetime | None]:
    reached: list[tuple[int, float, str, datetime]] = []
    for event in events:
        reason = None
        if event.name == "CONVERSATION_OPTED_OUT":
            reason = "opted_out"
        if event.name == "CONVERSATION_COMPLETED":
            status = event.data.get("conversationStatus")
            reason = "decided" if status in DECIDED else BY_STATUS.get(str(status), "other_status")
        if reason:
            bucket = reason
            if reason == "decided":
                bucket = "numerator" if event.data["conversationStatus"] == DECIDED[0] else "miss"
            reached.append((ORDER.index(reason), -event.at.timestamp(), bucket, event.at))
    if reached:
        return min(reached)[2:]
    failures = [event.at for event in events if event.name == "START_CONVERSATION_FAILED"]
    if failures and not started:
        return "failed_to_start", max(failures)
    return ("open" if started else "not_started"), None


def _run(organization: str, events: list[Seen]) -> Iterator[tuple[str, str, datetime, str]]:
    starts = [event.at for event in events if event.name == "WORKFLOW_RUN_STARTED"]
    begun = min(starts or [event.at for event in events])
    buckets = {
        "WORKFLOW_RUN_FAILED": "numerator",
        "WORKFLOW_RUN_COMPLETED": "miss",
        "WORKFLOW_RUN_CANCELLED": "cancelled",
    }
    ends = sorted((event.at, buckets[event.name]) for event in events if event.name in buckets)
    yield "workflow_failures_cohort", organization, begun, ends[0][1] if ends else "open"
    if ends:
        yield "workflow_failures_activity", organization, ends[0][0], ends[0][1]
