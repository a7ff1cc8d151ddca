"""Deliveries of events, one short function for each kind that the tests use."""

from collections.abc import Mapping
from typing import Any

from tests.support.models.small_lake import Delivery, hours

URL = "https://ai.joinpopp.com/campaign/outbound/{campaign}?conversationId={conversation}"
PASSED = "COMPLETED_SCREENING_PASSED"
FAILED = "COMPLETED_SCREENING_FAILED"


def talk(kind: str, conversation: str, at: float | None, key: str = "", **values: Any) -> Delivery:
    """A conversation event such as `started`, `completed`, `max_nudges_reached`."""
    table = "start_conversation_failed" if kind == "start_failed" else f"conversation_{kind}"
    key = key or f"{conversation}:{kind}:{at}"
    return Delivery(table, key, at, {"conversation_id": conversation, **values})


def meet(kind: str, booking: str, at: float, start: float | None = None, **values: Any) -> Delivery:
    """An event about a meeting such as `scheduled`, `rescheduled`; `start` is the meeting's, in hours."""
    times: Mapping[str, Any] = {}
    if start is not None:
        times = {"meeting_start_at": hours(start), "meeting_end_at": hours(start + 0.5)}
    table = "calendar_note_taker_completed" if kind == "note_taker" else f"calendar_meeting_{kind}"
    return Delivery(table, f"{booking}:{kind}:{at}", at, {"booking_id": booking, **times, **values})


def friction(kind: str, conversation: str, at: float) -> Delivery:
    """`more_time_requested` or `availability_not_found`, the calendar's own event."""
    return Delivery(f"calendar_{kind}", f"{conversation}:{kind}:{at}", at, {"conversation_id": conversation})


def flow(kind: str, at: float, key: str = "", **values: Any) -> Delivery:
    """A workflow event such as `run_started`, `node_completed`."""
    return Delivery(f"workflow_{kind}", key or f"{kind}:{at}:{sorted(values.items())}", at, values)
