"""Truth of scheduling and bookings. Computed from journeys, never from events."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipelines.simulate.truth.booking_facts import Booking
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, MemberBucket, Rate

TIME_TO_BOOK = timedelta(days=7)
LATE = timedelta(hours=24)
SILENT = "no_failure_signal"
"""Of Orufy's bookings nobody can know who could not be booked."""

Unit = ConversationFacts | Booking


def _units(facts: SimulationFacts) -> Iterable[Unit]:
    return (*facts.talks, *facts.loose)


def _bookings(unit: Unit) -> tuple[Booking, ...]:
    return unit.bookings if isinstance(unit, ConversationFacts) else (unit,)


def _signal_at(unit: Unit) -> datetime | None:
    return unit.signal_at if isinstance(unit, ConversationFacts) else None


def _booked_at(unit: Unit) -> datetime | None:
    return unit.booked_at if isinstance(unit, ConversationFacts) else unit.known_at


def _success(unit: Unit, _: SimulationFacts) -> MemberBucket:
    if unit.where.provider == "orufy":
        return MemberBucket(SILENT, unit.known_at)
    if booked_at := _booked_at(unit):
        return MemberBucket(HIT, booked_at)
    signal_at = _signal_at(unit)
    return MemberBucket(MISS, signal_at) if signal_at else MemberBucket("no_signal")


def _net_success(unit: Unit, facts: SimulationFacts) -> MemberBucket:
    """The same, with a booking that was not called off before its start."""
    plain, bookings = _success(unit, facts), _bookings(unit)
    if plain.bucket == SILENT:
        return MemberBucket(SILENT)
    if not bookings:
        return plain
    states = {booking: booking.state(facts.now) for booking in bookings}
    if kept := [booking for booking in bookings if states[booking] == "kept"]:
        return MemberBucket(HIT, min(booking.starts_at or booking.known_at for booking in kept))
    if "pending" in states.values():
        return MemberBucket(OPEN)
    return MemberBucket(MISS, max(booking.cancelled_at for booking in bookings if booking.cancelled_at))


def _after_screening(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket | None:
    if talk.outcome != "passed" or talk.outcome_at is None:
        return None
    if talk.outcome_at > facts.now - TIME_TO_BOOK:
        return MemberBucket(OPEN)
    in_time = talk.booked_at is not None and talk.booked_at <= talk.outcome_at + TIME_TO_BOOK
    return MemberBucket(HIT if in_time else MISS, talk.outcome_at)


def _friction(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    if talk.frictions:
        return MemberBucket(HIT, talk.frictions[0])
    tried_at = talk.booked_at or talk.signal_at
    return MemberBucket(MISS, tried_at) if tried_at else MemberBucket("no_signal")


def _after_friction(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket | None:
    if not talk.frictions:
        return None
    first = talk.frictions[0]
    later = [booking.known_at for booking in talk.bookings if booking.known_at >= first]
    return MemberBucket(HIT, min(later)) if later else MemberBucket(MISS, first)


def _rescheduled(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    return (
        MemberBucket(HIT, booking.moved_at[-1])
        if booking.moved_at
        else MemberBucket(MISS, _begun(booking, facts))
    )


def _cancelled(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    if booking.cancelled_at and not booking.rebooked:
        return MemberBucket(HIT, booking.cancelled_at)
    return MemberBucket(MISS, _begun(booking, facts))


def _cancelled_late(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    lost = _cancelled(booking, facts)
    if booking.starts_at is None:
        return MemberBucket("no_start", lost.settled_at)
    in_time = booking.cancelled_at is not None and booking.cancelled_at < booking.starts_at - LATE
    return MemberBucket(MISS if in_time else lost.bucket, lost.settled_at)


def _no_show(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    over_at = booking.ends_at
    if booking.where.provider == "popp":
        return MemberBucket("not_reported")
    if booking.no_show:
        return MemberBucket(HIT, over_at)
    if booking.cancelled_at:
        return MemberBucket("cancelled", booking.cancelled_at)
    if over_at is None:
        return MemberBucket("no_start")
    return MemberBucket(OPEN) if over_at > facts.now else MemberBucket(MISS, over_at)


def _begun(booking: Booking, facts: SimulationFacts) -> datetime | None:
    """Start of its meeting, if it has begun."""
    return booking.starts_at if booking.starts_at and booking.starts_at <= facts.now else None


def _talks(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.talks


def _every_booking(facts: SimulationFacts) -> Iterable[Booking]:
    return facts.bookings


SCHEDULING = (
    Rate("scheduling_success_rate", _units, _success),
    Rate("net_scheduling_success_rate", _units, _net_success, asked=True),
    Rate("screening_to_scheduled_rate", _talks, _after_screening, asked=True),
    Rate("friction_rate", _talks, _friction),
    Rate("success_after_friction_rate", _talks, _after_friction),
    Rate("reschedule_rate", _every_booking, _rescheduled, asked=True),
    Rate("cancellation_rate", _every_booking, _cancelled, asked=True),
    Rate("late_cancellation_rate", _every_booking, _cancelled_late, asked=True),
    Rate("no_show_rate", _every_booking, _no_show, asked=True),
)
