"""Truth of nudge exhaustion and recovery. Computed from journeys, never from events."""

from collections.abc import Iterable, Iterator

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, CountedMember, MemberBucket, Rate
from pipelines.simulate.world.tenants import AVAILABILITY


def _exhausted(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    """Candidates only; of some nobody knows whether they are."""
    if not talk.has_started:
        return MemberBucket(talk.outcome)
    at = talk.exhausted_at or talk.outcome_at
    if talk.campaign_type == AVAILABILITY:
        return MemberBucket("interviewer", at)
    return MemberBucket(
        HIT if talk.exhausted_at else MISS, at, "" if talk.campaign_type else "campaign_type_unspecified"
    )


def _interviewer_exhausted(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket | None:
    if talk.campaign_type != AVAILABILITY:
        return None
    if not talk.has_started:
        return MemberBucket(talk.outcome)
    return MemberBucket(HIT if talk.exhausted_at else MISS, talk.exhausted_at or talk.outcome_at)


def _recovered(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket | None:
    """Those that were lost, and of them who was decided or booked afterwards."""
    lost_at = talk.exhausted_at
    if lost_at is None or _exhausted(talk, facts).bucket != HIT:
        return None
    happened = [booking.known_at for booking in talk.bookings]
    if talk.decision:
        happened.append(talk.decision.at)
    back = [at for at in happened if at > lost_at]
    return MemberBucket(HIT, min(back)) if back else MemberBucket(MISS, lost_at)


def _talks(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.talks


NUDGES = (
    Rate("exhaustion_rate", _talks, _exhausted),
    Rate("interviewer_exhaustion_rate", _talks, _interviewer_exhausted),
    Rate("recovered_rate", _talks, _recovered),
)


def sequences(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every sequence of nudges that ended without a reply; it names its campaign."""
    for talk in facts.talks:
        campaign = talk.story.campaign
        where = talk.where._replace(campaign_id=campaign.id, external_campaign_id=campaign.external_id)
        for exhaustion in talk.story.exhaustions:
            own = (campaign.kind == AVAILABILITY, exhaustion.nudges_sent)
            once = {"conversations": talk.story.id}
            yield CountedMember(where, exhaustion.at, ("sequences",), own=own, distinct=once)
