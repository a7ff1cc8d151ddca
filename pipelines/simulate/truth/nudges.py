"""Truth about nudge exhaustion and recovery, computed from journeys, not from events."""

from collections.abc import Iterable, Iterator

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, CountedMember, MemberBucket, Rate
from pipelines.simulate.world.tenants import AVAILABILITY


def _exhaustion_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    """Bucket of a conversation with a candidate.

    Without a known campaign type the person may be an interviewer, which the note says.
    """
    if not talk.has_started:
        return MemberBucket(talk.outcome)
    at = talk.exhausted_at or talk.outcome_at
    if talk.campaign_type == AVAILABILITY:
        return MemberBucket("interviewer", at)
    return MemberBucket(
        HIT if talk.exhausted_at else MISS, at, "" if talk.campaign_type else "campaign_type_unspecified"
    )


def _interviewer_exhaustion_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket | None:
    if talk.campaign_type != AVAILABILITY:
        return None
    if not talk.has_started:
        return MemberBucket(talk.outcome)
    return MemberBucket(HIT if talk.exhausted_at else MISS, talk.exhausted_at or talk.outcome_at)


def _recovery_bucket(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket | None:
    """Bucket of a candidate with exhausted nudges: recovered by a later decision or booking, or not."""
    exhausted_at = talk.exhausted_at
    if exhausted_at is None or _exhaustion_bucket(talk, facts).bucket != HIT:
        return None
    decisions_and_bookings = [booking.known_at for booking in talk.bookings]
    if talk.decision:
        decisions_and_bookings.append(talk.decision.at)
    recovered_at = [at for at in decisions_and_bookings if at > exhausted_at]
    return MemberBucket(HIT, min(recovered_at)) if recovered_at else MemberBucket(MISS, exhausted_at)


def _conversations(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.conversations


NUDGES = (
    Rate("exhaustion_rate", _conversations, _exhaustion_bucket),
    Rate("interviewer_exhaustion_rate", _conversations, _interviewer_exhaustion_bucket),
    Rate("recovered_rate", _conversations, _recovery_bucket),
)


def sequences(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each nudge sequence that ended without a reply, with its campaign ids."""
    for talk in facts.conversations:
        campaign = talk.story.campaign
        where = talk.where._replace(campaign_id=campaign.id, external_campaign_id=campaign.external_id)
        for exhaustion in talk.story.exhaustions:
            own = (campaign.kind == AVAILABILITY, exhaustion.nudges_sent)
            distinct_ids = {"conversations": talk.story.id}
            yield CountedMember(where, exhaustion.at, ("sequences",), own=own, distinct=distinct_ids)
