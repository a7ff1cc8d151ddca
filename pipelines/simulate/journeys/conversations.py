"""Draws conversations: how each began, what happened in it and how it ended, by the kind of its campaign."""

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
    """Probabilities in one kind of campaign."""

    endings: tuple[tuple[str, float], ...]
    booked: float
    friction: float
    exhausted: float
    opted_out: float = 0.03


SCREENED = (
    (PASSED, 42.0),
    (FAILED, 21.0),
    (NOT_INTERESTED, 8.0),
    (CLOSED, 6.0),
    (BARE, 4.0),
    (UNSEEN, 2.0),
    (NO_STATUS, 1.0),
    (NEVER, 16.0),
)
SCREENING = ConversationPlan(SCREENED, booked=0.45, friction=0.05, exhausted=0.13)
AFTERWARDS = ((CLOSED, 5.0), (BARE, 2.0), (FAILED, 1.5), (PASSED, 1.5))
"""Fields of a second terminal event."""
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
    """A conversation whose first event is at `at`; only what happened before the end is in it."""
    person, queue_told = draw_person(dice, number), not dice.chance(UNKNOWN)
    begun = _beginning(dice, Conversation(number, campaign, person, queue_told=queue_told), at)
    if begun.started_at is None:
        return begun
    plan = PLANS.get(campaign.kind, SCREENING)
    frictions = draw_frictions(dice, begun.started_at) if dice.chance(plan.friction) else ()
    endings = _endings(dice, plan, campaign, begun.started_at)
    return replace(
        begun,
        endings=dice.happened(endings),
        opted_out_at=_rarely(dice, plan.opted_out, begun.started_at),
        exhaustions=dice.happened(_exhaustions(dice, plan, begun.started_at)),
        reviews=dice.happened(draw_reviews(dice, begun.started_at, endings)),
        frictions=frictions,
        meetings=_bookings(dice, plan, begun, endings),
        uploaded_at=_rarely(dice, 0.04, begun.started_at),
        start_told=not dice.chance(UNKNOWN),
        started_at=_lost_clock(dice) if dice.chance(0.002) else begun.started_at,
    )


def draw_legacy_conversation(
    dice: SeededRandom, number: str, campaign: Campaign, at: datetime
) -> Conversation:
    """One that all happens at one instant, because legacy bodies carry no time of their own."""
    conversation = Conversation(number, campaign, draw_person(dice, number), started_at=at)
    status = dice.weighted(((PASSED, 5.0), (FAILED, 3.0), (CLOSED, 1.0), (NEVER, 1.0)))
    ending = replace(_ending(dice, campaign, status, at), at=at)
    return replace(conversation, endings=() if status == NEVER else (ending,))


def _beginning(dice: SeededRandom, blank: Conversation, at: datetime) -> Conversation:
    """Started at once, or queued first (sometimes by a clock that is ahead), or failed to start, once or for
    good, or still waiting."""
    way = dice.weighted(
        (("starts", 62.0), ("queued", 31.0), ("waits", 3.0), ("fails", 3.0), ("retried", 1.0))
    )
    if way == "starts":
        return replace(blank, started_at=at)
    later = dice.known(dice.after(at, 0.01, 30))
    if way == "fails":
        queued = dice.chance(0.5)
        return replace(blank, queued_at=at if queued else None, failed_to_start_at=later if queued else at)
    if way == "retried":
        return replace(blank, failed_to_start_at=at, started_at=later)
    if way == "queued" and later and dice.chance(0.02):
        return replace(blank, queued_at=later, started_at=at)
    return replace(blank, queued_at=at, started_at=later if way == "queued" else None)


def _endings(
    dice: SeededRandom, plan: ConversationPlan, campaign: Campaign, started_at: datetime
) -> tuple[Ending, ...]:
    """Mostly one; a decision may be closed over, corrected, or come after something that was none."""
    status = dice.weighted(plan.endings)
    if status == NEVER:
        return ()
    first = _ending(dice, campaign, status, dice.after(started_at, 0.1, 120))
    if not dice.chance(0.14):
        return (first,)
    later = dice.weighted(AFTERWARDS) if plan is SCREENING else CLOSED
    return first, _ending(dice, campaign, later, dice.after(first.at, 0.05, 72))


def _ending(dice: SeededRandom, campaign: Campaign, status: str, at: datetime) -> Ending:
    if status not in (PASSED, FAILED):
        return Ending(at, None if status == NO_STATUS else status)
    passed = status == PASSED
    return Ending(at, status, draw_score(dice, passed), draw_answers(dice, campaign, passed))


def _exhaustions(dice: SeededRandom, plan: ConversationPlan, started_at: datetime) -> tuple[Exhaustion, ...]:
    """Once, sometimes twice; independent of the endings, so some candidates come back after it."""
    if not dice.chance(plan.exhausted):
        return ()
    first = Exhaustion(dice.after(started_at + timedelta(hours=24), 0, 72), 1 + int(dice.rng.random() * 4))
    if not dice.chance(0.2):
        return (first,)
    return first, Exhaustion(dice.after(first.at + timedelta(hours=24), 0, 72), first.nudges_sent)


def _bookings(
    dice: SeededRandom, plan: ConversationPlan, begun: Conversation, endings: tuple[Ending, ...]
) -> tuple[SimulatedMeeting, ...]:
    """Screening leads to a booking after it was passed; scheduling leads to one from the start, by a calendar
    whose clock is behind even before it."""
    ready_at = begun.started_at
    if plan is SCREENING:
        ready_at = next((ending.at for ending in endings if ending.status == PASSED), None)
    if ready_at is None or not dice.chance(plan.booked):
        return ()
    behind = timedelta(hours=4 if plan is not SCREENING and dice.chance(0.03) else 0)
    return draw_meetings(dice, begun.campaign, begun.number, dice.after(ready_at, 0.02, 110) - behind)


def _lost_clock(dice: SeededRandom) -> datetime:
    """Reading of a clock that was reset."""
    return dice.after(EPOCH, 0, 1)


def _rarely(dice: SeededRandom, probability: float, started_at: datetime) -> datetime | None:
    return dice.known(dice.after(started_at, 0.1, 90)) if dice.chance(probability) else None
