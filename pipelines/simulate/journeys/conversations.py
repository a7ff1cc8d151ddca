"""Draw simulated conversations: start, events and endings, with probabilities by campaign type."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from pipelines.simulate.journeys.meetings import draw_meetings
from pipelines.simulate.journeys.model import (
    BARE,
    CLOSED,
    FAILED,
    NOT_INTERESTED,
    PASSED,
    UNSEEN,
    Conversation,
    Ending,
    Exhaustion,
    SimulatedMeeting,
)
from pipelines.simulate.journeys.people import draw_answers, draw_person, draw_score
from pipelines.simulate.journeys.reviews import draw_frictions, draw_reviews
from pipelines.simulate.world.rng import UNKNOWN, SeededRandom
from pipelines.simulate.world.tenants import APPLICANTS, AVAILABILITY, SCHEDULING, Campaign

NEVER = "never"
NO_STATUS = "no status"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConversationPlan:
    """Probabilities for conversations of one campaign type; `endings` are pairs `(status, weight)`."""

    endings: tuple[tuple[str, float], ...]
    booked: float
    friction: float
    exhausted: float
    opted_out: float = 0.03


SCREENING_ENDINGS = (
    (PASSED, 42.0),
    (FAILED, 21.0),
    (NOT_INTERESTED, 8.0),
    (CLOSED, 6.0),
    (BARE, 4.0),
    (UNSEEN, 2.0),
    (NO_STATUS, 1.0),
    (NEVER, 16.0),
)
SCREENING = ConversationPlan(SCREENING_ENDINGS, booked=0.45, friction=0.05, exhausted=0.13)
SECOND_ENDINGS = ((CLOSED, 5.0), (BARE, 2.0), (FAILED, 1.5), (PASSED, 1.5))
"""Statuses of a second ending of a conversation, as pairs `(status, weight)`."""
PLANS: MappingProxyType[str | None, ConversationPlan] = MappingProxyType(
    {
        APPLICANTS: SCREENING,
        SCHEDULING: ConversationPlan(
            ((BARE, 45), (CLOSED, 20), (NEVER, 35)), booked=0.62, friction=0.2, exhausted=0.16
        ),
        AVAILABILITY: ConversationPlan(
            ((BARE, 60), (CLOSED, 10), (NEVER, 30)), booked=0, friction=0.04, exhausted=0.2
        ),
    }
)


def draw_conversation(dice: SeededRandom, number: str, campaign: Campaign, at: datetime) -> Conversation:
    """Draw a conversation with its first event at `at`, without events after the end of the simulation."""
    person, queue_delivered = draw_person(dice, number), not dice.chance(UNKNOWN)
    conversation = _draw_start(
        dice, Conversation(number, campaign, person, queue_delivered=queue_delivered), at
    )
    if conversation.started_at is None:
        return conversation
    plan = PLANS.get(campaign.kind, SCREENING)
    frictions = draw_frictions(dice, conversation.started_at) if dice.chance(plan.friction) else ()
    endings = _draw_endings(dice, plan, campaign, conversation.started_at)
    return replace(
        conversation,
        endings=dice.only_before_end(endings),
        opted_out_at=_draw_rare_instant(dice, plan.opted_out, conversation.started_at),
        exhaustions=dice.only_before_end(_draw_exhaustions(dice, plan, conversation.started_at)),
        reviews=dice.only_before_end(draw_reviews(dice, conversation.started_at, endings)),
        frictions=frictions,
        meetings=_draw_bookings(dice, plan, conversation, endings),
        uploaded_at=_draw_rare_instant(dice, 0.04, conversation.started_at),
        start_delivered=not dice.chance(UNKNOWN),
        started_at=_draw_reset_clock_time(dice) if dice.chance(0.002) else conversation.started_at,
    )


def draw_legacy_conversation(
    dice: SeededRandom, number: str, campaign: Campaign, at: datetime
) -> Conversation:
    """Draw a conversation for the legacy envelope, all at one instant: legacy bodies have no event time."""
    conversation = Conversation(number, campaign, draw_person(dice, number), started_at=at)
    status = dice.weighted(((PASSED, 5.0), (FAILED, 3.0), (CLOSED, 1.0), (NEVER, 1.0)))
    ending = replace(_draw_ending(dice, campaign, status, at), at=at)
    return replace(conversation, endings=() if status == NEVER else (ending,))


def _draw_start(dice: SeededRandom, blank: Conversation, at: datetime) -> Conversation:
    """Draw how a conversation starts: at once, after a queue, after a failure, or not.

    A queue time after the start time simulates a wrong clock.
    """
    start_kind = dice.weighted(
        (("starts", 62.0), ("queued", 31.0), ("waits", 3.0), ("fails", 3.0), ("retried", 1.0))
    )
    if start_kind == "starts":
        return replace(blank, started_at=at)
    later = dice.unless_after_end(dice.after(at, 0.01, 30))
    if start_kind == "fails":
        queued = dice.chance(0.5)
        return replace(blank, queued_at=at if queued else None, failed_to_start_at=later if queued else at)
    if start_kind == "retried":
        return replace(blank, failed_to_start_at=at, started_at=later)
    if start_kind == "queued" and later and dice.chance(0.02):
        return replace(blank, queued_at=later, started_at=at)
    return replace(blank, queued_at=at, started_at=later if start_kind == "queued" else None)


def _draw_endings(
    dice: SeededRandom, plan: ConversationPlan, campaign: Campaign, started_at: datetime
) -> tuple[Ending, ...]:
    """Draw the endings of a conversation: none, one, or two, of which the second may correct the first."""
    status = dice.weighted(plan.endings)
    if status == NEVER:
        return ()
    first = _draw_ending(dice, campaign, status, dice.after(started_at, 0.1, 120))
    if not dice.chance(0.14):
        return (first,)
    later = dice.weighted(SECOND_ENDINGS) if plan is SCREENING else CLOSED
    return first, _draw_ending(dice, campaign, later, dice.after(first.at, 0.05, 72))


def _draw_ending(dice: SeededRandom, campaign: Campaign, status: str, at: datetime) -> Ending:
    if status not in (PASSED, FAILED):
        return Ending(at, None if status == NO_STATUS else status)
    passed = status == PASSED
    return Ending(at, status, draw_score(dice, passed), draw_answers(dice, campaign, passed))


def _draw_exhaustions(
    dice: SeededRandom, plan: ConversationPlan, started_at: datetime
) -> tuple[Exhaustion, ...]:
    """Draw up to two unanswered nudge sequences, independent of the endings: some candidates reply later."""
    if not dice.chance(plan.exhausted):
        return ()
    first = Exhaustion(dice.after(started_at + timedelta(hours=24), 0, 72), 1 + int(dice.rng.random() * 4))
    if not dice.chance(0.2):
        return (first,)
    return first, Exhaustion(dice.after(first.at + timedelta(hours=24), 0, 72), first.nudges_sent)


def _draw_bookings(
    dice: SeededRandom,
    plan: ConversationPlan,
    conversation: Conversation,
    endings: tuple[Ending, ...],
) -> tuple[SimulatedMeeting, ...]:
    """Draw the bookings: after a passed screening, or from the start in a scheduling campaign.

    3 % of the scheduling conversations have a calendar clock that is 4 hours behind.
    """
    ready_at = conversation.started_at
    if plan is SCREENING:
        ready_at = next((ending.at for ending in endings if ending.status == PASSED), None)
    if ready_at is None or not dice.chance(plan.booked):
        return ()
    behind = timedelta(hours=4 if plan is not SCREENING and dice.chance(0.03) else 0)
    return draw_meetings(
        dice,
        conversation.campaign,
        conversation.number,
        dice.after(ready_at, 0.02, 110) - behind,
    )


def _draw_reset_clock_time(dice: SeededRandom) -> datetime:
    """Draw a time near 1970, as a clock that was reset would show."""
    return dice.after(EPOCH, 0, 1)


def _draw_rare_instant(dice: SeededRandom, probability: float, started_at: datetime) -> datetime | None:
    return dice.unless_after_end(dice.after(started_at, 0.1, 90)) if dice.chance(probability) else None
