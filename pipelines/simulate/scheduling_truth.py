"""Who was booked, who could not be: told from what happened, never from an event."""

from collections.abc import Iterator
from datetime import datetime

from pipelines.simulate.kinds import Journey
from pipelines.simulate.orufy_outcomes import OrufyBooking
from pipelines.simulate.outcomes import Conversation, LooseBooking
from pipelines.simulate.placing import HIT, MISS, Placed, conversations
from pipelines.simulate.world import SCHEDULING


def _booked_at(story: Conversation) -> datetime | None:
    return min((move.at for meeting in story.meetings for move in meeting.told), default=None)


def _friction_at(story: Conversation) -> datetime | None:
    """The last time that it was not booked: no time suited, or nobody answered an invitation."""
    told = [at for friction in story.frictions for at in friction.told_at()]
    if story.campaign.kind == SCHEDULING:
        told += [exhaustion.at for exhaustion in story.exhaustions]
    return max(told, default=None)


def scheduling_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation and every loose booking, where it began."""
    for story, entered_at in conversations(journeys):
        tried = HIT if _booked_at(story) else MISS if _friction_at(story) else "no_signal"
        yield story.organization.id, entered_at, tried
    yield from _other_bookings(journeys)


def scheduling_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those that were booked or could not be, where that happened."""
    for story, _ in conversations(journeys):
        if booked_at := _booked_at(story):
            yield story.organization.id, booked_at, HIT
        elif friction_at := _friction_at(story):
            yield story.organization.id, friction_at, MISS
    yield from _other_bookings(journeys)


def _other_bookings(journeys: list[Journey]) -> Iterator[Placed]:
    """Those without a conversation; of Orufy's, nobody can know who could not be booked."""
    for story in journeys:
        if isinstance(story, LooseBooking) and story.meeting.told:
            yield story.organization.id, min(move.at for move in story.meeting.told), HIT
        elif isinstance(story, OrufyBooking):
            yield story.account.id, story.at, "no_failure_signal"
