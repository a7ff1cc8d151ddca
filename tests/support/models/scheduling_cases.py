"""Named cases of scheduling, one organization each. Times are hours after 2 March 2026; now is hour 432."""

from tests.support.models.deliveries import orufy, person
from tests.support.models.journeys import FAILED, PASSED, friction, meet, talk
from tests.support.models.small_lake import Delivery

WEEK = 7 * 24


def booked(conversation: str, booking: str, at: float, start: float | None = None) -> Delivery:
    """A first booking in that conversation."""
    return meet("scheduled", booking, at, start, conversation_id=conversation)


def screened(conversation: str, at: float, status: str = PASSED) -> list[Delivery]:
    """A conversation from hour 1, decided at hour `at`."""
    return [talk("started", conversation, 1), talk("completed", conversation, at, conversation_status=status)]


SCHEDULING_CASES: dict[str, list[Delivery]] = {
    "rebooked": [
        talk("started", "c", 1),
        booked("c", "first", 2, 40),
        meet("cancelled", "first", 20, conversation_id="c"),
        booked("c", "second", 21, 60),
    ],
    "cancelled_late": [
        talk("started", "c", 1),
        booked("c", "b", 2, 100),
        meet("cancelled", "b", 90, conversation_id="c"),
    ],
    "cancelled_early": [
        talk("started", "c", 1),
        booked("c", "b", 2, 100),
        meet("cancelled", "b", 75.9, conversation_id="c"),
    ],
    "cancelled_a_day_before": [booked("c", "b", 2, 100), meet("cancelled", "b", 76, conversation_id="c")],
    "cancelled_after_start": [
        talk("started", "c", 1),
        booked("c", "b", 2, 100),
        meet("cancelled", "b", 130, conversation_id="c"),
    ],
    "cancelled_without_start": [booked("c", "b", 2), meet("cancelled", "b", 30, conversation_id="c")],
    "pending": [talk("started", "c", 1), booked("c", "b", 2, 500)],
    "pending_and_cancelled": [
        talk("started", "c", 1),
        booked("c", "b", 2, 30),
        booked("c", "b-2", 3, 500),
        meet("cancelled", "b", 20, conversation_id="c"),
    ],
    "moved": [booked("c", "b", 2, 50), meet("rescheduled", "b", 40, 100, conversation_id="c")],
    "orufy": [
        *(orufy("BOOK", meeting, 1) for meeting in ("missed", "came", "dropped")),
        orufy("BOOK", "to-come", 1, start=500),
        orufy("BOOK", "endless", 1, time=None, duration=None),
        orufy("NO_SHOW", "missed", 120, start=100, markAsNoShow=True),
        orufy("CANCEL", "dropped", 30, status="CANCELLED", attendees=[person("at-1", "CANCELLED")]),
    ],
    "not_reported": [booked("c", "b", 2, 50)],
    "friction_twice": [
        talk("started", "c", 1),
        friction("more_time_requested", "c", 30),
        talk("needs_review", "c", 30.01, needs_review_reason="MORE_TIME_REQUESTED"),
        friction("availability_not_found", "c", 60),
        talk("started", "smooth", 1),
        booked("smooth", "b", 2, 50),
        talk("started", "silent", 1),
    ],
    "booking_before_friction": [
        talk("started", "c", 1),
        booked("c", "b", 2, 50),
        friction("more_time_requested", "c", 30),
    ],
    "booking_after_friction": [
        talk("started", "c", 1),
        booked("c", "before", 2, 50),
        talk("needs_review", "c", 30, needs_review_reason="AVAILABILITY_NOT_FOUND"),
        booked("c", "after", 60, 100),
        booked("c", "later", 90, 120),
    ],
    "moved_after_friction": [
        booked("c", "b", 2, 50),
        friction("more_time_requested", "c", 30),
        meet("rescheduled", "other-id", 40, 100, conversation_id="c"),
    ],
    "booking_without_conversation": [
        meet("scheduled", "kept", 2, 50),
        meet("scheduled", "to-come", 2, 500),
        meet("scheduled", "gone", 2, 50),
        meet("cancelled", "gone", 30),
    ],
    "screened": [
        *screened("in-time", 10),
        booked("in-time", "b-1", 10 + WEEK, 300),
        *screened("too-late", 10),
        booked("too-late", "b-2", 10.01 + WEEK, 300),
        *screened("never", 10),
        *screened("young", 264.1),
        booked("young", "b-3", 270, 300),
        *screened("old-enough", 264),
        *screened("failed", 10, FAILED),
        booked("failed", "b-4", 11, 300),
    ],
    "no_signal": [talk("started", "c", 1)],
    "campaign": [
        talk(
            "started",
            "c",
            1,
            campaign_conversation_url="https://ai.joinpopp.com/campaign/outbound/k-1?conversationId=c",
        ),
        booked("c", "b", 2, 50),
    ],
}
