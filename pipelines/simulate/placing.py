"""What the counting of every question shares: buckets, and what is known of where a conversation began.

The first event about something may never come. It is known all the same by what follows, from the earliest of
that on; what nothing follows is not known to anybody, and counts nowhere.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pipelines.simulate.kinds import Journey
from pipelines.simulate.outcomes import Conversation

HIT = "numerator"
MISS = "denominator only"
OPEN = "open"

Placed = tuple[str, datetime, str]
"""Organization, the instant whose day counts, the bucket: one of the three above or why it is left out."""


def conversations(journeys: Iterable[Journey]) -> Iterator[tuple[Conversation, datetime]]:
    """The conversations among the journeys that anybody can know of, and from when on each is known."""
    for journey in journeys:
        if isinstance(journey, Conversation):
            entered_at = _entered(journey)
            if entered_at:
                yield journey, entered_at


def begun(story: Conversation) -> bool:
    """Whether it is known to have started: told, or proved by what only a started one leads to."""
    return story.told_started_at is not None or bool(_proofs(story))


def campaign_known(story: Conversation) -> bool:
    """Whether anything told of it names its campaign; bookings and missing slots do not."""
    names = [story.told_queued_at, story.failed_to_start_at, story.told_started_at, story.opted_out_at]
    asked_for_time = any(friction.kind == "MORE_TIME_REQUESTED" for friction in story.frictions)
    reviewed = any(friction.review_at for friction in story.frictions)
    return any((*names, story.endings, story.exhaustions, story.reviews, asked_for_time, reviewed))


def _entered(story: Conversation) -> datetime | None:
    """The start, or the first thing known where none was told."""
    if story.told_started_at:
        return story.told_started_at
    before = [at for at in (story.told_queued_at, story.failed_to_start_at) if at]
    return min([*before, *_proofs(story)], default=None)


def _proofs(story: Conversation) -> list[datetime]:
    """When something was told that happens in a started one only. An uploaded document names none."""
    happened = [thing.at for things in (story.endings, story.exhaustions, story.reviews) for thing in things]
    happened += [at for friction in story.frictions for at in friction.told_at()]
    happened += [move.at for meeting in story.meetings for move in meeting.told]
    return [*happened, story.opted_out_at] if story.opted_out_at else happened
