"""Truth about durations, including those that cannot be measured, computed from journeys, not from events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import MISS, OPEN, CountedMember, columns_of
from pipelines.simulate.truth.statistics import duration_column

TOO_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
TOO_LATE = timedelta(days=1)
"""Maximum plausible time of an event after the query time."""


def time_to_schedule(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each started conversation: the time from its start to its first booking."""
    for talk in facts.conversations:
        if not talk.has_started:
            continue
        if talk.booked_at is None:
            yield CountedMember(talk.where, talk.known_at, columns_of(OPEN))
        else:
            yield _duration_member(
                talk, talk.known_at, facts, (talk.story.delivered_started_at, talk.booked_at)
            )


def queue_time(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each conversation with a delivered queue event: the time from queue to start."""
    for talk in facts.conversations:
        queued_at = talk.story.delivered_queued_at
        if queued_at is None:
            continue
        if not talk.has_started:
            waiting = OPEN if talk.outcome == "not_started" else talk.outcome
            yield CountedMember(talk.where, queued_at, columns_of(waiting))
        else:
            member = _duration_member(talk, queued_at, facts, (queued_at, talk.story.delivered_started_at))
            yield CountedMember(member.where, member.at, member.columns[:2], value=member.value)


def _duration_member(
    talk: ConversationFacts,
    at: datetime,
    facts: SimulationFacts,
    span: tuple[datetime | None, datetime | None],
) -> CountedMember:
    start_at, ended_at = span
    if start_at is None or ended_at is None:
        return CountedMember(talk.where, at, columns_of("started_inferred"))
    if not all(TOO_EARLY <= each <= facts.now + TOO_LATE for each in (start_at, ended_at)):
        return CountedMember(talk.where, at, columns_of("implausible_time"))
    seconds = (ended_at - start_at).total_seconds()
    if seconds < 0:
        return CountedMember(talk.where, at, columns_of("negative_duration"))
    return CountedMember(talk.where, at, (*columns_of(MISS), duration_column(seconds)), value=seconds)


def reviews(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each requested review, with the time until the next event of the conversation."""
    for talk in facts.conversations:
        campaign = talk.story.campaign
        where = talk.where._replace(campaign_id=campaign.id, external_campaign_id=campaign.external_id)
        for at, reason in _review_events(talk):
            following = next((moment for moment in talk.moments if moment > at), None)
            seconds = (following - at).total_seconds() if following else None
            columns = ("reviews", "followed") if following else ("reviews",)
            distinct_ids = {"conversations": talk.story.id}
            yield CountedMember(where, at, columns, own=(reason,), value=seconds, distinct=distinct_ids)


def _review_events(talk: ConversationFacts) -> Iterator[tuple[datetime, str]]:
    """Yield `(time, reason)` of each review event; friction may be reported by one, too."""
    for review in talk.story.reviews:
        yield review.at, review.reason or "UNSPECIFIED"
    for friction in talk.story.frictions:
        if friction.review_at:
            yield friction.review_at, friction.kind
