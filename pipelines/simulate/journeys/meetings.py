"""Draw simulated bookings with their changes: rescheduled, updated, cancelled, booked again, held."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.simulate.journeys.model import BookingChange, SimulatedMeeting
from pipelines.simulate.world.calendar_edges import night_shift
from pipelines.simulate.world.rng import UNKNOWN, SeededRandom
from pipelines.simulate.world.tenants import Campaign

MINUTES = ((30, 6.0), (45, 2.0), (60, 2.0))


def draw_meetings(
    dice: SeededRandom, campaign: Campaign, number: str, booked_at: datetime
) -> tuple[SimulatedMeeting, ...]:
    """Draw a booking made at `booked_at`, and up to two that follow a cancelled one; none after the end."""
    meetings: list[SimulatedMeeting] = []
    at: datetime | None = booked_at
    while at is not None and len(meetings) < 3:
        moves = list(_draw_changes(dice, ZoneInfo(campaign.time_zone), at))
        known = dice.only_before_end(moves)
        if known:
            first_delivered = not dice.chance(UNKNOWN)
            meetings.append(SimulatedMeeting(f"booking_{number}_{len(meetings)}", known, first_delivered))
        cancelled = moves[-1].change == "CANCELLED"
        at = dice.after(moves[-1].at, 0.1, 48) if cancelled and dice.chance(0.5) else None
    return tuple(meetings)


def _draw_changes(dice: SeededRandom, zone: ZoneInfo, at: datetime) -> Iterator[BookingChange]:
    minutes = dice.weighted(MINUTES)
    starts_at = night_shift(dice, at, zone) if dice.chance(0.03) else dice.slot(at, zone)
    yield BookingChange(at, "SCHEDULED", starts_at, minutes)
    while dice.chance(0.2):
        at = dice.after(at, 0.05, 8)
        starts_at = dice.slot(at, zone)
        yield BookingChange(at, "RESCHEDULED", starts_at, minutes)
    if dice.chance(0.1):
        at = dice.after(at, 0.01, 4)
        yield BookingChange(at, "UPDATED", starts_at, minutes)
    if dice.chance(0.13):
        yield BookingChange(_draw_cancellation_time(dice, at, starts_at), "CANCELLED", starts_at, minutes)
    elif dice.chance(0.7):
        yield BookingChange(
            dice.after(starts_at + timedelta(minutes=minutes), 0.2, 2), "HELD", starts_at, minutes
        )


def _draw_cancellation_time(dice: SeededRandom, at: datetime, starts_at: datetime) -> datetime:
    """Draw a cancellation time: soon after the last change, in the 24 hours before the start, or after it."""
    when = dice.weighted((("soon", 6.0), ("late", 3.0), ("missed", 1.0)))
    if when == "soon":
        return dice.after(at, 0.05, 8)
    if when == "missed":
        return dice.after(starts_at, 0, 3)
    return dice.after(max(at, starts_at - timedelta(hours=24)), 0, 1)
