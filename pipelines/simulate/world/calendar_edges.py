"""Instants where counting goes wrong easily: at midnight of the report zone, where clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipelines.simulate.world.rng import SeededRandom

CHANGING = tuple(map(ZoneInfo, ("Europe/Lisbon", "America/New_York", "Australia/Lord_Howe")))
MAX_DISTANCE = (-3_600_000, -1_800_000, -60_000, -1, 0, 1, 60_000, 1_800_000, 3_599_999)
"""Milliseconds from such an instant."""


def beginning(dice: SeededRandom, span: timedelta) -> datetime:
    """An instant in the span before the end, rather on a working day, sometimes at midnight or a change."""
    edge = dice.rng.random()
    at = _near_midnight(dice, span) if edge < 0.05 else _near_change(dice, span) if edge < 0.08 else None
    return at if at is not None and dice.end - span <= at <= dice.end else _working_day(dice, span)


def night_shift(dice: SeededRandom, at: datetime, zone: ZoneInfo) -> datetime:
    """A start within an hour and a half of the next change of clocks in `zone`; without one, any slot."""
    coming = [change for year in (0, 1) for change in changes(zone, at.year + year) if change > at]
    if not coming:
        return dice.slot(at, zone)
    return coming[0] + timedelta(minutes=30 * (int(dice.rng.random() * 7) - 3))


@cache
def changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the offset of `zone` changes, to the minute."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(367)]
    return tuple(
        _change_between(zone, early, late)
        for early, late in pairwise(days)
        if _offset(zone, early) != _offset(zone, late)
    )


def _change_between(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first minute with the later offset, by halving."""
    while late - early > timedelta(minutes=1):
        middle = early + timedelta(minutes=(late - early) // timedelta(minutes=2))
        early, late = (middle, late) if _offset(zone, middle) == _offset(zone, early) else (early, middle)
    return late


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _near_midnight(dice: SeededRandom, span: timedelta) -> datetime:
    day = dice.end.astimezone(dice.zone).date() - timedelta(days=int(dice.rng.random() * span.days))
    return _near(dice, _midnight(day, dice.zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _near_change(dice: SeededRandom, span: timedelta) -> datetime | None:
    zone, year = dice.pick(CHANGING), dice.end.year
    known = [
        at for at in (*changes(zone, year - 1), *changes(zone, year)) if dice.end - span <= at <= dice.end
    ]
    return _near(dice, known[-1]) if known else None


def _near(dice: SeededRandom, at: datetime) -> datetime:
    return at + timedelta(milliseconds=dice.pick(MAX_DISTANCE))


def _working_day(dice: SeededRandom, span: timedelta) -> datetime:
    for _ in range(2):
        at = dice.end - timedelta(milliseconds=int(dice.rng.random() * span.total_seconds() * 1000))
        if at.weekday() < 5:
            break
    return at
