"""How each conversation ended, by the precedence of results: told from what happened, never from an event."""

from collections.abc import Iterator
from datetime import datetime

from pipelines.simulate.kinds import Journey
from pipelines.simulate.outcomes import (
    BARE,
    CLOSED,
    FAILED,
    NOT_INTERESTED,
    PASSED,
    Conversation,
)
from pipelines.simulate.placing import HIT, MISS, OPEN, Placed, begun, conversations

STATUS_BUCKETS = {
    PASSED: HIT,
    FAILED: MISS,
    NOT_INTERESTED: "not_interested",
    CLOSED: "closed",
    BARE: "completed_undecided",
}
PRECEDENCE = (
    (HIT, MISS),
    ("not_interested",),
    ("opted_out",),
    ("closed",),
    ("completed_undecided",),
    ("other_status",),
)
"""What weighs most first."""


def screening_result(story: Conversation) -> tuple[str, datetime | None]:
    """The bucket of a conversation and when it got there, None for those that wait or go on."""
    reached = [(end.at, STATUS_BUCKETS.get(end.status or "", "other_status")) for end in story.endings]
    if story.opted_out_at:
        reached.append((story.opted_out_at, "opted_out"))
    for buckets in PRECEDENCE:
        if weighing := [entry for entry in reached if entry[1] in buckets]:
            at, bucket = max(weighing)
            return bucket, at
    if begun(story):
        return OPEN, None
    return (
        ("failed_to_start", story.failed_to_start_at) if story.failed_to_start_at else ("not_started", None)
    )


def screening_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation, where it began."""
    for story, entered_at in conversations(journeys):
        yield story.organization.id, entered_at, screening_result(story)[0]


def screening_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those that came to a result, where they did."""
    for story, _ in conversations(journeys):
        bucket, at = screening_result(story)
        if at:
            yield story.organization.id, at, bucket
