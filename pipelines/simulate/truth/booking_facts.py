"""Facts of a booking that follow from the delivered events."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pipelines.simulate.journeys.model import BookingChange, LooseBooking, SimulatedMeeting
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.world.endpoints import ORUFY, POPP


class Dimensions(NamedTuple):
    """The cuts that every mart has, the day aside."""

    organization_id: str
    source: str = POPP.source
    provider: str = POPP.provider
    campaign_id: str | None = None
    external_campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One logical booking. `rebooked`: cancelled, and the same conversation was booked again afterwards."""

    where: Dimensions
    known_at: datetime
    missing_event: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    moved_at: tuple[datetime, ...] = ()
    cancelled_at: datetime | None = None
    held_at: datetime | None = None
    no_show: bool = False
    rebooked: bool = False

    def state(self, now: datetime) -> str:
        """State at `now`: `cancelled` in time, `pending` until its meeting starts, or `kept`."""
        if self.cancelled_at and (self.starts_at is None or self.cancelled_at <= self.starts_at):
            return "cancelled"
        return "pending" if self.starts_at and self.starts_at > now else "kept"


def bookings_of(where: Dimensions, meetings: Iterable[SimulatedMeeting]) -> tuple[Booking, ...]:
    """The bookings of one conversation that were told of."""
    known = [_of_moves(where, meeting.told, meeting.first_told) for meeting in meetings if meeting.told]
    return tuple(replace(each, rebooked=_rebooked(each, known)) for each in known)


def loose_booking(story: LooseBooking) -> tuple[Booking, ...]:
    """The one that belongs to no conversation, if it was told of."""
    campaign = story.campaign.external_id
    return bookings_of(Dimensions(story.organization.id, external_campaign_id=campaign), (story.meeting,))


def orufy_booking(story: OrufyBooking) -> Booking:
    """A chain of meetings. Where the last move was told of the old one only, nobody knows the new time."""
    last, at = story.appointments[-1], story.at
    moves = len(story.appointments) - 1
    acted = story.ending != "STANDS" or any(guest.left for guest in story.guests)
    described = acted or not moves or story.shape.forward[-1] is None
    return Booking(
        Dimensions(story.account.id, ORUFY.source, ORUFY.provider),
        at,
        missing_event=None if story.book_told else "book",
        starts_at=last.starts_at if described else None,
        ends_at=last.starts_at + timedelta(minutes=story.minutes) if described else None,
        moved_at=(at,) * moves,
        cancelled_at=at if story.ending == "CANCELLED" else None,
        no_show=story.ending == "NO_SHOW",
    )


def _of_moves(where: Dimensions, told: tuple[BookingChange, ...], first_told: bool) -> Booking:
    last = told[-1]
    changes = [move for move in told if move.change in ("SCHEDULED", "RESCHEDULED", "CANCELLED")]
    cancelled = bool(changes) and changes[-1].change == "CANCELLED"
    return Booking(
        where,
        told[0].at,
        missing_event=None if first_told else "calendar_meeting_scheduled",
        starts_at=last.starts_at,
        ends_at=last.starts_at + timedelta(minutes=last.minutes),
        moved_at=tuple(move.at for move in told if move.change == "RESCHEDULED"),
        cancelled_at=changes[-1].at if cancelled else None,
        held_at=next((move.at for move in told if move.change == "HELD"), None),
    )


def _rebooked(booking: Booking, others: Iterable[Booking]) -> bool:
    gone_at = booking.cancelled_at
    return gone_at is not None and any(other.known_at > gone_at for other in others)
