"""Journeys of Orufy bookings as immutable values, like those in `model`.

Orufy's bodies have no event time, so all events of a booking happen at one instant of the day of sending.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.simulate.journeys.model import Person
from pipelines.simulate.world.tenants import Account

Format = Literal["SOLO", "GROUP", "ROUNDROBIN", "COLLECTIVE"]
Ending = Literal["STANDS", "CANCELLED", "NO_SHOW"]


@dataclass(frozen=True, slots=True)
class Guest:
    """Attendee of a booking. `left`: cancelled the attendance while the meeting remained booked."""

    id: str
    person: Person
    left: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedPayment:
    """Payment of a booking: `amount` as the provider writes it, and its states in order."""

    id: str
    amount: float | str
    currency: str
    method: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Appointment:
    """Meeting of a booking; each reschedule creates a new one."""

    id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Shape:
    """Variant of the body format, for the parts that the provider's documentation leaves open."""

    outside_meet_data: frozenset[str]
    """Names of fields outside the object `meetData` instead of in it."""
    forward: tuple[str | None, ...]
    """For each move, the key in `reschedule` with the id of the new meeting, in a body about the old one.

    None for a body about the new meeting that has the id of the old one.
    """
    as_object: bool
    """True when the new meeting is an object with `_id` instead of an id."""
    empty_objects: bool
    """True when absent values are written as empty objects."""
    no_show_type: str
    no_show_of_guest: bool
    status_at_end: bool
    """True when a cancelled meeting has the status CANCELLED, False when only its guests have it."""
    old_as_cancelled: bool
    """True when the old meeting of a move has the status CANCELLED."""


@dataclass(frozen=True, slots=True)
class OrufyBooking:
    """Simulated booking at Orufy: the booked meeting and those that replaced it, at least one in all.

    `together` is an id shared by bookings made in one request. `book_delivered` is False when the event BOOK
    is never delivered.
    """

    number: str
    account: Account
    bookable: tuple[str, str]
    at: datetime
    format: Format
    minutes: int
    guests: tuple[Guest, ...]
    appointments: tuple[Appointment, ...]
    ending: Ending
    shape: Shape
    payment: SimulatedPayment | None = None
    together: str | None = None
    book_delivered: bool = True
