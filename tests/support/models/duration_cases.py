"""Named cases of durations and of times that cannot be true. Hours after 2 March 2026; now is hour 432."""

from dataclasses import replace

from tests.support.models.journeys import PASSED, meet, talk
from tests.support.models.scheduling_cases import booked
from tests.support.models.small_lake import Delivery, hours

IN_1970 = -490_000.0
SECOND = 1 / 3600


def took(conversation: str, elapsed: float) -> list[Delivery]:
    """Started at hour 1, booked so many hours later."""
    return [talk("started", conversation, 1), booked(conversation, f"of-{conversation}", 1 + elapsed)]


def waited(conversation: str, elapsed: float) -> list[Delivery]:
    """Queued at hour 1, started so many hours later."""
    return [talk("queued", conversation, 1), talk("started", conversation, 1 + elapsed)]


DURATION_CASES: dict[str, list[Delivery]] = {
    "bands": [
        *took("hour", 1),
        *took("over-an-hour", 1 + SECOND),
        *took("day", 24),
        *took("over-a-day", 24 + SECOND),
        *took("three-days", 72),
        *took("week", 168),
        *took("over-a-week", 168 + SECOND),
        talk("started", "never", 1),
        talk("queued", "waiting", 1),
    ],
    "quantiles": [*took("a", 1), *took("b", 2), *took("c", 4)],
    "untimed": [
        *took("measured", 2),
        talk("completed", "inferred", 2, conversation_status=PASSED),
        booked("inferred", "b-1", 5),
        talk("started", "negative", 6),
        booked("negative", "b-2", 5),
        talk("started", "future", 7),
        replace(booked("future", "b-3", 460), received=8),
    ],
    "of_1970": [talk("started", "c", IN_1970), booked("c", "b", 5)],
    "queue": [
        *waited("quick", 0.5),
        *waited("slow", 2.5),
        talk("queued", "waiting", 1),
        talk("queued", "unreachable", 1),
        talk("start_failed", "unreachable", 2),
        talk("queued", "inferred", 1),
        talk("completed", "inferred", 9, conversation_status=PASSED),
        *waited("negative", -0.5),
        talk("queued", "future", 1),
        replace(talk("started", "future", 460), received=8),
        talk("started", "unqueued", 1),
    ],
    "quality": [
        talk("started", "c", IN_1970),
        replace(talk("opted_out", "c", 50), received=20),
        replace(talk("needs_review", "c", 40), received=20),
        replace(talk("started", "tried", IN_1970), marks={"is_test": True}),
        meet("scheduled", "backwards", 2, 50, meeting_end_at=hours(49)),
        meet("scheduled", "forwards", 2, 50),
        *waited("negative", -0.5),
    ],
}
