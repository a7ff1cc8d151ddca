"""Draw simulated bookings at Orufy: for one guest or groups, rescheduled, cancelled, no-shows, payments."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.simulate.journeys.orufy_model import (
    Appointment,
    Ending,
    Format,
    Guest,
    OrufyBooking,
    Shape,
    SimulatedPayment,
)
from pipelines.simulate.journeys.people import draw_person
from pipelines.simulate.world.calendar_edges import night_shift
from pipelines.simulate.world.rng import UNKNOWN, IdSequence, SeededRandom
from pipelines.simulate.world.tenants import ORUFY_ACCOUNTS, Account

FORMATS: tuple[tuple[Format, float], ...] = (
    ("SOLO", 6),
    ("GROUP", 2.5),
    ("ROUNDROBIN", 1),
    ("COLLECTIVE", 0.5),
)
ENDINGS: tuple[tuple[Ending, float], ...] = (("STANDS", 7), ("CANCELLED", 2), ("NO_SHOW", 1.5))
MOVES = ((0, 6.0), (1, 2.5), (2, 1.0), (3, 0.6))
ZONES = tuple(map(ZoneInfo, ("Asia/Kolkata", "Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu")))

NESTED = ("eventName", "eventSlug", "cancellation", "prevMeetId", "reschedule", "payment", "attendees")
FORWARD = (None, "newMeetId", "newMeetingId", "meetId", "newMeet", "new_meet_id", "meetingId")
NO_SHOW_TYPES = ("NO_SHOW", "NOSHOW", "MARK_AS_NO_SHOW", "Mask as no-show", "no-show")
PRICES: tuple[tuple[float | str, str], ...] = (
    (4900, "USD"),
    (49.5, "EUR"),
    ("1499.00", "INR"),
    ("7,50", "EUR"),
    (0, "GBP"),
    (3000, "JPY"),
)
"""Prices as pairs `(amount, currency)`: cents, decimals and text, because the unit is undocumented.

`7,50` is a number only with a decimal comma.
"""
STATES = ((("PENDING", "DONE"), 6.0), (("PENDING", "FAILED"), 2.0), (("PENDING",), 1.0), (("DONE",), 1.0))


def draw_orufy(dice: SeededRandom, numbers: IdSequence, at: datetime, count: int) -> Iterator[OrufyBooking]:
    """Draw about `count` bookings whose events all happen at `at`; a few are booked two or three at once."""
    made = 0
    while made < count:
        account = dice.pick(ORUFY_ACCOUNTS)
        several = 2 + int(dice.rng.random() * 2) if dice.chance(0.06) else 1
        booked = [
            _draw_booking(dice, numbers.take(account.id, account.series), account, at) for _ in range(several)
        ]
        together = f"multi-{booked[0].number}" if several > 1 else None
        yield from (replace(booking, together=together) for booking in booked)
        made += several


def _draw_booking(dice: SeededRandom, number: str, account: Account, at: datetime) -> OrufyBooking:
    kind = dice.weighted(FORMATS)
    moves, ending = dice.weighted(MOVES), dice.weighted(ENDINGS)
    guests = _draw_guests(dice, number, kind)
    return OrufyBooking(
        number,
        account,
        dice.pick(account.bookable),
        at,
        kind,
        minutes=dice.pick((15, 30, 45)),
        guests=guests,
        appointments=tuple(_draw_appointments(dice, number, at, moves)),
        ending=ending,
        shape=_draw_shape(dice, moves),
        payment=_draw_payment(dice, number) if dice.chance(0.25) else None,
        # later events still prove the booking
        book_delivered=not ((moves or ending != "STANDS") and dice.chance(UNKNOWN)),
    )


def _draw_guests(dice: SeededRandom, number: str, kind: Format) -> tuple[Guest, ...]:
    count = 2 + int(dice.rng.random() * 3) if kind == "GROUP" else 1
    guests = [Guest(f"at-{number}-{n}", draw_person(dice, f"{number}-{n}")) for n in range(count)]
    if count > 1 and dice.chance(0.4):
        guests[-1] = replace(guests[-1], left=True)
    return tuple(guests)


def _draw_appointments(dice: SeededRandom, number: str, at: datetime, moves: int) -> Iterator[Appointment]:
    """Yield the booked meeting and one for each move. Their ids have a random order, as in real data."""
    zone = dice.pick(ZONES)
    for position in range(1 + moves):
        # the outcome of a meeting is reported after it
        booked_at = at - timedelta(days=12 if dice.chance(0.5) else 0)
        starts_at = night_shift(dice, at, zone) if dice.chance(0.05) else dice.slot(booked_at, zone)
        yield Appointment(f"{dice.rng.getrandbits(32):08x}{number}{position}", starts_at)


def _draw_payment(dice: SeededRandom, number: str) -> SimulatedPayment:
    amount, currency = dice.pick(PRICES)
    method = dice.pick(("STRIPE", "PAYPAL", "RAZORPAY"))
    return SimulatedPayment(f"pay-{number}", amount, currency, method, dice.weighted(STATES))


def _draw_shape(dice: SeededRandom, moves: int) -> Shape:
    return Shape(
        outside_meet_data=frozenset(name for name in NESTED if dice.chance(0.5)),
        forward=tuple(dice.pick(FORWARD) if dice.chance(0.6) else None for _ in range(moves)),
        as_object=dice.chance(0.3),
        empty_objects=dice.chance(0.6),
        no_show_type=dice.pick(NO_SHOW_TYPES),
        no_show_of_guest=dice.chance(0.5),
        status_at_end=dice.chance(0.7),
        old_as_cancelled=dice.chance(0.4),
    )
