"""Orufy journeys, as values like those of `model`.

Orufy sends no time of its own, so all of a booking happened at one instant of the day on which it is sent.
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
    """Somebody who was to attend. `left`: cancelled alone, while the meeting stood."""

    id: str
    person: Person
    left: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedPayment:
    """Payment of a booking; `amount` as the provider writes it, `states` in order."""

    id: str
    amount: float | str
    currency: str
    method: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Appointment:
    """One meeting of a chain: each move makes another."""

    id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Shape:
    """Variant in which the provider writes this booking, where its documents leave that open."""

    beside: frozenset[str]
    """Fields that stand next to `meetData` instead of in it."""
    forward: tuple[str | None, ...]
    """For each move the key in `reschedule` that names the new meeting, where the body describes the old one;
    None where it describes the new one and names the old."""
    as_object: bool
    """The new meeting is named by an object with its `_id`."""
    empty_objects: bool
    """An absent value is an empty object."""
    no_show_type: str
    no_show_of_guest: bool
    status_at_end: bool
    """A cancelled meeting says so itself; else only its guests do."""
    old_as_cancelled: bool
    """The old meeting of a move is shown as CANCELLED."""


@dataclass(frozen=True, slots=True)
class OrufyBooking:
    """One logical booking: the meeting that was booked and those that replaced it, at least one in all.

    `together` is shared by bookings that were made in one act. `book_told` is False where BOOK never came.
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
    book_told: bool = True
