"""What the counting of every question shares: buckets, and where a conversation began."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pipelines.simulate.outcomes import Conversation, Journey

HIT = "numerator"
MISS = "denominator only"
OPEN = "open"

Placed = tuple[str, datetime, str]
"""Organization, the instant whose day counts, the bucket: one of the three above or why it is left out."""


def conversations(journeys: Iterable[Journey]) -> Iterator[Conversation]:
    """The conversations among the journeys."""
    return (journey for journey in journeys if isinstance(journey, Conversation))


def entered(story: Conversation) -> datetime:
    """The start, or the first thing known of what never started."""
    if story.started_at:
        return story.started_at
    return min(at for at in (story.queued_at, story.failed_to_start_at) if at)
