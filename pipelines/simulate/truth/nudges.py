"""Who was nudged in vain, and who came back: told from what happened, never from an event."""

from collections.abc import Iterable, Iterator

from pipelines.simulate.truth.conversation_facts import Talk
from pipelines.simulate.truth.facts import Facts
from pipelines.simulate.truth.placement import HIT, MISS, Placed, Rate, Standing
from pipelines.simulate.world.tenants import AVAILABILITY


def _exhausted(talk: Talk, _: Facts) -> Standing:
    """Candidates only; of some nobody knows whether they are."""
    if not talk.has_started:
        return Standing(talk.outcome)
    at = talk.exhausted_at or talk.outcome_at
    if talk.campaign_type == AVAILABILITY:
        return Standing("interviewer", at)
    return Standing(
        HIT if talk.exhausted_at else MISS, at, "" if talk.campaign_type else "campaign_type_unspecified"
    )


def _interviewer_exhausted(talk: Talk, _: Facts) -> Standing | None:
    if talk.campaign_type != AVAILABILITY:
        return None
    if not talk.has_started:
        return Standing(talk.outcome)
    return Standing(HIT if talk.exhausted_at else MISS, talk.exhausted_at or talk.outcome_at)


def _recovered(talk: Talk, facts: Facts) -> Standing | None:
    """Those that were lost, and of them who was decided or booked afterwards."""
    lost_at = talk.exhausted_at
    if lost_at is None or _exhausted(talk, facts).bucket != HIT:
        return None
    happened = [booking.known_at for booking in talk.bookings]
    if talk.decision:
        happened.append(talk.decision.at)
    back = [at for at in happened if at > lost_at]
    return Standing(HIT, min(back)) if back else Standing(MISS, lost_at)


def _talks(facts: Facts) -> Iterable[Talk]:
    return facts.talks


NUDGES = (
    Rate("exhaustion_rate", _talks, _exhausted),
    Rate("interviewer_exhaustion_rate", _talks, _interviewer_exhausted),
    Rate("recovered_rate", _talks, _recovered),
)


def sequences(facts: Facts) -> Iterator[Placed]:
    """Every sequence of nudges that ended without a reply; it names its campaign."""
    for talk in facts.talks:
        campaign = talk.story.campaign
        where = talk.where._replace(campaign_id=campaign.id, external_campaign_id=campaign.external_id)
        for exhaustion in talk.story.exhaustions:
            own = (campaign.kind == AVAILABILITY, exhaustion.nudges_sent)
            once = {"conversations": talk.story.id}
            yield Placed(where, exhaustion.at, ("sequences",), own=own, distinct=once)
