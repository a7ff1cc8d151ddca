"""Draw simulated reviews (by reason, human takeovers, late replies) and scheduling friction."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.simulate.journeys.model import Ending, Friction, FrictionKind, Review
from pipelines.simulate.world.rng import SeededRandom
from pipelines.simulate.world.sample_texts import REVIEW_REASONS

KINDS: tuple[FrictionKind, ...] = ("MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND")


def draw_reviews(dice: SeededRandom, started_at: datetime, endings: tuple[Ending, ...]) -> Iterator[Review]:
    """Yield reviews after the start; a reply to a closed conversation follows its last ending."""
    if dice.chance(0.12):
        yield _draw_reply_review(dice, dice.after(started_at, 0.05, 70))
    if dice.chance(0.03):
        at = dice.after(started_at, 0.5, 60)
        for _ in range(2 + int(dice.rng.random() * 7)):
            at = dice.after(at, 0.01, 3)
            yield Review(at, "HUMAN_TAKEOVER", human_takeover=True)
    if endings and dice.chance(0.06):
        yield Review(dice.after(endings[-1].at, 0.1, 100), "CLOSED_CONVERSATION_REPLY")


def draw_frictions(dice: SeededRandom, started_at: datetime) -> tuple[Friction, ...]:
    """Draw one or two failures to find a time, each reported by a calendar event, a review event or both."""
    at, frictions = started_at, []
    for _ in range(2 if dice.chance(0.15) else 1):
        at = dice.after(at, 0.2, 60)
        friction = _draw_friction(dice, dice.pick(KINDS), at)
        if friction.event_times():
            frictions.append(friction)
    return tuple(frictions)


def _draw_friction(dice: SeededRandom, kind: FrictionKind, at: datetime) -> Friction:
    channels = dice.weighted((("both", 7.0), ("calendar", 1.5), ("review", 1.5)))
    other = at + timedelta(milliseconds=1 + int(dice.rng.random() * 90_000))
    first, second = (at, other) if dice.chance(0.5) else (other, at)
    return Friction(
        kind,
        dice.unless_after_end(first) if channels != "review" else None,
        dice.unless_after_end(second) if channels != "calendar" else None,
    )


def _draw_reply_review(dice: SeededRandom, at: datetime) -> Review:
    reason = dice.pick(REVIEW_REASONS)
    away = reason == "OUT_OF_OFFICE" and dice.chance(0.7)
    days = timedelta(days=1 + int(dice.rng.random() * 14))
    return Review(at, reason, return_day=(at + days).date() if away else None)
