"""Writes the bodies of a booking at Orufy: the meeting as it stands after each act, and what was done."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.simulate.journeys.orufy_model import Appointment, Guest, OrufyBooking
from pipelines.simulate.payloads.orufy_payments import payment_of
from pipelines.simulate.payloads.payload import Data, instant
from pipelines.simulate.payloads.unknown_fields import with_extras


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done to a meeting and how the meeting stands after it; no status: the body has none."""

    event_type: str
    meeting: Appointment
    guests: tuple[Guest, ...]
    status: str | None = "ACTIVE"
    gone: frozenset[str] = frozenset()
    """Guests whose part is cancelled."""
    fields: Data = field(default_factory=dict)


def orufy_bodies(story: OrufyBooking) -> Iterator[Data]:
    """Every body about a booking, each another document."""
    for position, act in enumerate(_acts(story)):
        yield with_extras(_body(story, act), f"{story.number}{position}")


def _acts(story: OrufyBooking) -> Iterator[Act]:
    first, last = story.appointments[0], story.appointments[-1]
    if story.book_told:
        yield from _bookings(story, first)
    moves = zip(story.appointments, story.appointments[1:], story.shape.forward, strict=False)
    for old, new, forward in moves:
        yield _move(story, old, new, forward)
    leavers = frozenset(guest.id for guest in story.guests if guest.left)
    if leavers:
        status = "ACTIVE" if story.shape.status_at_end else None
        yield Act("CANCEL", last, story.guests, status, leavers, {"cancellation": _why(story, "guest")})
    if story.ending == "CANCELLED":
        status = "CANCELLED" if story.shape.status_at_end else None
        everybody = frozenset(guest.id for guest in story.guests)
        yield Act("CANCEL", last, story.guests, status, everybody, {"cancellation": _why(story, "host")})
    if story.ending == "NO_SHOW":
        flag = {} if story.shape.no_show_of_guest else {"markAsNoShow": True}
        yield Act(story.shape.no_show_type, last, story.guests, gone=leavers, fields=flag)


def _bookings(story: OrufyBooking, first: Appointment) -> Iterator[Act]:
    """One for each guest who joins a group, one for each state of a payment; all of one meeting."""
    states = story.payment.states if story.payment else (None,)
    for state in states:
        yield Act("BOOK", first, story.guests[:1], fields=payment_of(story, state))
    for count in range(2, len(story.guests) + 1):
        yield Act("BOOK", first, story.guests[:count])


def _move(story: OrufyBooking, old: Appointment, new: Appointment, forward: str | None) -> Act:
    """Told of the new meeting, which names the old one, or of the old one, which names the new one."""
    if forward is None:
        return Act("RESCHEDULE", new, story.guests, fields={"prevMeetId": old.id})
    named: object = {"_id": new.id} if story.shape.as_object else new.id
    moved: Data = {"reschedule": {**_why(story, "host"), forward: named}}
    status = "CANCELLED" if story.shape.old_as_cancelled else "ACTIVE"
    return Act("RESCHEDULE", old, story.guests, status, fields=moved)


def _why(story: OrufyBooking, who: str) -> Data:
    return {"timestamp": instant(story.at), "reason": "नहीं आ सकते 🙏", "by": who}


def _body(story: OrufyBooking, act: Act) -> Data:
    """A field that may be in both places is read from the documented one."""
    meeting = _meeting(story, act)
    beside = {name: meeting.pop(name) for name in sorted(story.shape.beside) if name in meeting}
    return {"eventType": act.event_type, "meetData": meeting, **beside}


def _meeting(story: OrufyBooking, act: Act) -> Data:
    status = {"status": act.status} if act.status else {}
    together = {"multipleBookingIdentifier": story.together} if story.together else {}
    empty: Data = {"cancellation": {}, "reschedule": {}, "followUp": {}} if story.shape.empty_objects else {}
    return {
        "_id": act.meeting.id,
        "appId": story.account.id,
        "eventId": story.bookable[0],
        "eventName": story.bookable[1],
        "eventSlug": story.bookable[0],
        "time": instant(act.meeting.starts_at),
        "duration": story.minutes,
        "type": story.format,
        **status,
        "markAsNoShow": False,
        "createByContact": story.format != "COLLECTIVE",
        "maxAttendees": 8 if story.format == "GROUP" else 1,
        "agents": ["ag-1"],
        "agentsDetails": [{"_id": "ag-1", "name": "Robin Host"}],
        "attendeeIds": [guest.id for guest in act.guests],
        "attendees": [_attendee(story, act, guest) for guest in act.guests],
        **together,
        **empty,
        **act.fields,
    }


def _attendee(story: OrufyBooking, act: Act, guest: Guest) -> Data:
    gone = guest.id in act.gone
    absent = act.event_type == story.shape.no_show_type and story.shape.no_show_of_guest
    return {
        "_id": guest.id,
        "status": "CANCELLED" if gone else "ACTIVE",
        "name": f"{guest.person.first_name} {guest.person.last_name}",
        "email": guest.person.email,
        **({"markAsNoShow": True} if absent and guest is act.guests[0] else {}),
        "cancellation": _why(story, "guest") if gone else {},
        "reschedule": {},
    }
