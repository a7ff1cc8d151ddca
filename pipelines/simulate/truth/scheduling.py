"""Truth about scheduling and bookings, computed from journeys, not from events."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipelines.simulate.truth.booking_facts import Booking
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, MemberBucket, Rate

TIME_TO_BOOK = timedelta(days=7)
LATE = timedelta(hours=24)
NO_FAILURE_SIGNAL = "no_failure_signal"
"""Bucket of Orufy's bookings: Orufy reports no failed attempts to book."""

Unit = ConversationFacts | Booking


def _units(facts: SimulationFacts) -> Iterable[Unit]:
    return (*facts.conversations, *facts.loose)


def _bookings(unit: Unit) -> tuple[Booking, ...]:
    return unit.bookings if isinstance(unit, ConversationFacts) else (unit,)


def _signal_at(unit: Unit) -> datetime | None:
    return unit.signal_at if isinstance(unit, ConversationFacts) else None


def _booked_at(unit: Unit) -> datetime | None:
    return unit.booked_at if isinstance(unit, ConversationFacts) else unit.known_at


def _success_bucket(unit: Unit, _: SimulationFacts) -> MemberBucket:
    if unit.where.provider == "orufy":
        return MemberBucket(NO_FAILURE_SIGNAL, unit.known_at)
    if booked_at := _booked_at(unit):
        return MemberBucket(HIT, booked_at)
    signal_at = _signal_at(unit)
    return MemberBucket(MISS, signal_at) if signal_at else MemberBucket("no_signal")


def _net_success_bucket(unit: Unit, facts: SimulationFacts) -> MemberBucket:
    """Bucket of scheduling success that counts only bookings not cancelled before their start."""
    success, bookings = _success_bucket(unit, facts), _bookings(unit)
    if success.bucket == NO_FAILURE_SIGNAL:
        return MemberBucket(NO_FAILURE_SIGNAL)
    if not bookings:
        return success
    states = {booking: booking.state(facts.now) for booking in bookings}
    if kept_bookings := [booking for booking in bookings if states[booking] == "kept"]:
        return MemberBucket(HIT, min(booking.starts_at or booking.known_at for booking in kept_bookings))
    if "pending" in states.values():
        return MemberBucket(OPEN)
    return MemberBucket(MISS, max(booking.cancelled_at for booking in bookings if booking.cancelled_at))


def _after_screening_bucket(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket | None:
    if talk.outcome != "passed" or talk.outcome_at is None:
        return None
    if talk.outcome_at > facts.now - TIME_TO_BOOK:
        return MemberBucket(OPEN)
    in_time = talk.booked_at is not None and talk.booked_at <= talk.outcome_at + TIME_TO_BOOK
    return MemberBucket(HIT if in_time else MISS, talk.outcome_at)


def _friction_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    if talk.frictions:
        return MemberBucket(HIT, talk.frictions[0])
    tried_at = talk.booked_at or talk.signal_at
    return MemberBucket(MISS, tried_at) if tried_at else MemberBucket("no_signal")


def _after_friction_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket | None:
    if not talk.frictions:
        return None
    first = talk.frictions[0]
    later = [booking.known_at for booking in talk.bookings if booking.known_at >= first]
    return MemberBucket(HIT, min(later)) if later else MemberBucket(MISS, first)


def _reschedule_bucket(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    return (
        MemberBucket(HIT, booking.moved_at[-1])
        if booking.moved_at
        else MemberBucket(MISS, _past_start(booking, facts))
    )


def _cancellation_bucket(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    if booking.cancelled_at and not booking.rebooked:
        return MemberBucket(HIT, booking.cancelled_at)
    return MemberBucket(MISS, _past_start(booking, facts))


def _late_cancellation_bucket(booking: Booking, facts: SimulationFacts) -> MemberBucket:
    cancellation = _cancellation_bucket(booking, facts)
    if booking.starts_at is None:
        return MemberBucket("no_start", cancellation.settled_at)
    in_time = booking.cancelled_at is not None and booking.cancelled_at < booking.starts_at - LATE
    return MemberBucket(MISS if in_time else cancellation.bucket, cancellation.settled_at)


def _no_show_bucket(booking: Booking, facts: SimulationFacts) -> MemberBucket:
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


def _past_start(booking: Booking, facts: SimulationFacts) -> datetime | None:
    """Start of the meeting, None when it has not started at the query time."""
    return booking.starts_at if booking.starts_at and booking.starts_at <= facts.now else None


def _conversations(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.conversations


def _every_booking(facts: SimulationFacts) -> Iterable[Booking]:
    return facts.bookings


SCHEDULING = (
    Rate("scheduling_success_rate", _units, _success_bucket),
    Rate("net_scheduling_success_rate", _units, _net_success_bucket, time_dependent=True),
    Rate("screening_to_scheduled_rate", _conversations, _after_screening_bucket, time_dependent=True),
    Rate("friction_rate", _conversations, _friction_bucket),
    Rate("success_after_friction_rate", _conversations, _after_friction_bucket),
    Rate("reschedule_rate", _every_booking, _reschedule_bucket, time_dependent=True),
    Rate("cancellation_rate", _every_booking, _cancellation_bucket, time_dependent=True),
    Rate("late_cancellation_rate", _every_booking, _late_cancellation_bucket, time_dependent=True),
    Rate("no_show_rate", _every_booking, _no_show_bucket, time_dependent=True),
)
