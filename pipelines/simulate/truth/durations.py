"""Truth of durations, and of those that cannot be measured. Computed from journeys, never from events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import MISS, OPEN, CountedMember, columns_of
from pipelines.simulate.truth.statistics import within

TOO_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
TOO_LATE = timedelta(days=1)
"""So long after the time of asking."""


def time_to_schedule(facts: SimulationFacts) -> Iterator[CountedMember]:
    """From the start of every started conversation to its first booking."""
    for talk in facts.talks:
        if not talk.has_started:
            continue
        if talk.booked_at is None:
            yield CountedMember(talk.where, talk.known_at, columns_of(OPEN))
        else:
            yield _measured(talk, talk.known_at, facts, (talk.story.told_started_at, talk.booked_at))


def queue_time(facts: SimulationFacts) -> Iterator[CountedMember]:
    """From being queued to the start, of every conversation that was told to be queued."""
    for talk in facts.talks:
        queued_at = talk.story.told_queued_at
        if queued_at is None:
            continue
        if not talk.has_started:
            waiting = OPEN if talk.outcome == "not_started" else talk.outcome
            yield CountedMember(talk.where, queued_at, columns_of(waiting))
        else:
            placed = _measured(talk, queued_at, facts, (queued_at, talk.story.told_started_at))
            yield CountedMember(placed.where, placed.at, placed.columns[:2], value=placed.value)


def _measured(
    talk: ConversationFacts,
    at: datetime,
    facts: SimulationFacts,
    span: tuple[datetime | None, datetime | None],
) -> CountedMember:
    begun_at, ended_at = span
    if begun_at is None or ended_at is None:
        return CountedMember(talk.where, at, columns_of("started_inferred"))
    if not all(TOO_EARLY <= each <= facts.now + TOO_LATE for each in (begun_at, ended_at)):
        return CountedMember(talk.where, at, columns_of("implausible_time"))
    seconds = (ended_at - begun_at).total_seconds()
    if seconds < 0:
        return CountedMember(talk.where, at, columns_of("negative_duration"))
    return CountedMember(talk.where, at, (*columns_of(MISS), within(seconds)), value=seconds)


def reviews(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every time a person was asked to look, and how long it took until anything else happened."""
    for talk in facts.talks:
        campaign = talk.story.campaign
        where = talk.where._replace(campaign_id=campaign.id, external_campaign_id=campaign.external_id)
        for at, reason in _asked(talk):
            following = next((moment for moment in talk.moments if moment > at), None)
            seconds = (following - at).total_seconds() if following else None
            columns = ("reviews", "followed") if following else ("reviews",)
            once = {"conversations": talk.story.id}
            yield CountedMember(where, at, columns, own=(reason,), value=seconds, distinct=once)


def _asked(talk: ConversationFacts) -> Iterator[tuple[datetime, str]]:
    """Friction is told as a review, too."""
    for review in talk.story.reviews:
        yield review.at, review.reason or "UNSPECIFIED"
    for friction in talk.story.frictions:
        if friction.review_at:
            yield friction.review_at, friction.kind
