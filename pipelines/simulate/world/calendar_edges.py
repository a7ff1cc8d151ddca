"""Instants where date arithmetic easily fails: midnight in the report zone and changes of UTC offsets."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipelines.simulate.world.rng import SeededRandom

ZONES_WITH_CHANGES = tuple(map(ZoneInfo, ("Europe/Lisbon", "America/New_York", "Australia/Lord_Howe")))
MAX_DISTANCE = (-3_600_000, -1_800_000, -60_000, -1, 0, 1, 60_000, 1_800_000, 3_599_999)
"""Offsets from such an instant, in milliseconds."""


def draw_first_instant(dice: SeededRandom, span: timedelta) -> datetime:
    """Draw the first instant of a journey: in `span` before the end, mostly on a working day.

    5 % are near midnight and 3 % near a clock change.
    """
    edge = dice.rng.random()
    at = (
        _draw_near_midnight(dice, span)
        if edge < 0.05
        else _draw_near_clock_change(dice, span)
        if edge < 0.08
        else None
    )
    return at if at is not None and dice.end - span <= at <= dice.end else _draw_on_working_day(dice, span)


def night_shift(dice: SeededRandom, at: datetime, zone: ZoneInfo) -> datetime:
    """Draw a meeting start within 90 minutes of the next clock change in `zone`; without one, any slot."""
    coming = [change for year in (0, 1) for change in changes(zone, at.year + year) if change > at]
    if not coming:
        return dice.slot(at, zone)
    return coming[0] + timedelta(minutes=30 * (int(dice.rng.random() * 7) - 3))


@cache
def changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """Instants (UTC) in a year at which the UTC offset of `zone` changes, to the minute."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(367)]
    return tuple(
        _change_between(zone, early, late)
        for early, late in pairwise(days)
        if _offset(zone, early) != _offset(zone, late)
    )


def _change_between(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """Find by bisection the first minute that has the UTC offset of `late`."""
    while late - early > timedelta(minutes=1):
        middle = early + timedelta(minutes=(late - early) // timedelta(minutes=2))
        early, late = (middle, late) if _offset(zone, middle) == _offset(zone, early) else (early, middle)
    return late


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _draw_near_midnight(dice: SeededRandom, span: timedelta) -> datetime:
    day = dice.end.astimezone(dice.zone).date() - timedelta(days=int(dice.rng.random() * span.days))
    return _draw_near(dice, _midnight(day, dice.zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _draw_near_clock_change(dice: SeededRandom, span: timedelta) -> datetime | None:
    zone, year = dice.pick(ZONES_WITH_CHANGES), dice.end.year
    known = [
        at for at in (*changes(zone, year - 1), *changes(zone, year)) if dice.end - span <= at <= dice.end
    ]
    return _draw_near(dice, known[-1]) if known else None


def _draw_near(dice: SeededRandom, at: datetime) -> datetime:
    return at + timedelta(milliseconds=dice.pick(MAX_DISTANCE))


def _draw_on_working_day(dice: SeededRandom, span: timedelta) -> datetime:
    for _ in range(2):
        at = dice.end - timedelta(milliseconds=int(dice.rng.random() * span.total_seconds() * 1000))
        if at.weekday() < 5:
            break
    return at
