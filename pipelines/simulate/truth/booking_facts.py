"""Facts of a booking that can be known from the delivered events."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pipelines.simulate.journeys.model import BookingChange, LooseBooking, SimulatedMeeting
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.world.endpoints import ORUFY, POPP


class Dimensions(NamedTuple):
    """Key columns that every mart has, except the day."""

    organization_id: str
    source: str = POPP.source
    provider: str = POPP.provider
    campaign_id: str | None = None
    external_campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """Facts of one logical booking.

    `rebooked` is True when it was cancelled and its conversation booked again afterwards.
    """

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
        """Return the state at `now`: `cancelled` before the start, `pending` until the start, or `kept`."""
        if self.cancelled_at and (self.starts_at is None or self.cancelled_at <= self.starts_at):
            return "cancelled"
        return "pending" if self.starts_at and self.starts_at > now else "kept"


def bookings_of(where: Dimensions, meetings: Iterable[SimulatedMeeting]) -> tuple[Booking, ...]:
    """Facts of the bookings of a conversation that have delivered events."""
    known = [
        _booking_from_changes(where, meeting.delivered_changes, meeting.first_delivered)
        for meeting in meetings
        if meeting.delivered_changes
    ]
    return tuple(replace(each, rebooked=_is_rebooked(each, known)) for each in known)


def loose_booking(story: LooseBooking) -> tuple[Booking, ...]:
    """Facts of a booking without a conversation; empty when none of its events is delivered."""
    campaign = story.campaign.external_id
    return bookings_of(Dimensions(story.organization.id, external_campaign_id=campaign), (story.meeting,))


def orufy_booking(story: OrufyBooking) -> Booking:
    """Facts of a booking at Orufy.

    The start is unknown when the event of the last move describes only the old meeting.
    """
    last, at = story.appointments[-1], story.at
    moves = len(story.appointments) - 1
    has_later_event = story.ending != "STANDS" or any(guest.left for guest in story.guests)
    start_known = has_later_event or not moves or story.shape.forward[-1] is None
    return Booking(
        Dimensions(story.account.id, ORUFY.source, ORUFY.provider),
        at,
        missing_event=None if story.book_delivered else "book",
        starts_at=last.starts_at if start_known else None,
        ends_at=last.starts_at + timedelta(minutes=story.minutes) if start_known else None,
        moved_at=(at,) * moves,
        cancelled_at=at if story.ending == "CANCELLED" else None,
        no_show=story.ending == "NO_SHOW",
    )


def _booking_from_changes(
    where: Dimensions, delivered: tuple[BookingChange, ...], first_delivered: bool
) -> Booking:
    last = delivered[-1]
    status_changes = [move for move in delivered if move.change in ("SCHEDULED", "RESCHEDULED", "CANCELLED")]
    cancelled = bool(status_changes) and status_changes[-1].change == "CANCELLED"
    return Booking(
        where,
        delivered[0].at,
        missing_event=None if first_delivered else "calendar_meeting_scheduled",
        starts_at=last.starts_at,
        ends_at=last.starts_at + timedelta(minutes=last.minutes),
        moved_at=tuple(move.at for move in delivered if move.change == "RESCHEDULED"),
        cancelled_at=status_changes[-1].at if cancelled else None,
        held_at=next((move.at for move in delivered if move.change == "HELD"), None),
    )


def _is_rebooked(booking: Booking, others: Iterable[Booking]) -> bool:
    gone_at = booking.cancelled_at
    return gone_at is not None and any(other.known_at > gone_at for other in others)
