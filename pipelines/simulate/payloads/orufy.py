"""Write the webhook bodies of a booking at Orufy: an event type and the state of the meeting after it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.simulate.journeys.orufy_model import Appointment, Guest, OrufyBooking
from pipelines.simulate.payloads.orufy_payments import payment_of
from pipelines.simulate.payloads.payload import Data, instant
from pipelines.simulate.payloads.unknown_fields import with_extras


@dataclass(frozen=True, slots=True)
class Action:
    """Action on a meeting, and the state of the meeting after it; `status` None omits the status."""

    event_type: str
    meeting: Appointment
    guests: tuple[Guest, ...]
    status: str | None = "ACTIVE"
    cancelled_guests: frozenset[str] = frozenset()
    """Ids of the guests whose attendance is cancelled."""
    fields: Data = field(default_factory=dict)


def orufy_bodies(story: OrufyBooking) -> Iterator[Data]:
    """Yield the webhook bodies of a booking, each a new document."""
    for position, action in enumerate(_actions(story)):
        yield with_extras(_body(story, action), f"{story.number}{position}")


def _actions(story: OrufyBooking) -> Iterator[Action]:
    first, last = story.appointments[0], story.appointments[-1]
    if story.book_delivered:
        yield from _book_actions(story, first)
    moves = zip(story.appointments, story.appointments[1:], story.shape.forward, strict=False)
    for old, new, forward in moves:
        yield _reschedule_action(story, old, new, forward)
    leavers = frozenset(guest.id for guest in story.guests if guest.left)
    if leavers:
        status = "ACTIVE" if story.shape.status_at_end else None
        yield Action("CANCEL", last, story.guests, status, leavers, {"cancellation": _reason(story, "guest")})
    if story.ending == "CANCELLED":
        status = "CANCELLED" if story.shape.status_at_end else None
        everybody = frozenset(guest.id for guest in story.guests)
        yield Action(
            "CANCEL", last, story.guests, status, everybody, {"cancellation": _reason(story, "host")}
        )
    if story.ending == "NO_SHOW":
        flag = {} if story.shape.no_show_of_guest else {"markAsNoShow": True}
        yield Action(story.shape.no_show_type, last, story.guests, cancelled_guests=leavers, fields=flag)


def _book_actions(story: OrufyBooking, first: Appointment) -> Iterator[Action]:
    """Yield the BOOK actions: one for each state of a payment, then one for each guest who joins a group."""
    states = story.payment.states if story.payment else (None,)
    for state in states:
        yield Action("BOOK", first, story.guests[:1], fields=payment_of(story, state))
    for count in range(2, len(story.guests) + 1):
        yield Action("BOOK", first, story.guests[:count])


def _reschedule_action(
    story: OrufyBooking, old: Appointment, new: Appointment, forward: str | None
) -> Action:
    """Action of a reschedule, about the new meeting with the id of the old one, or the reverse."""
    if forward is None:
        return Action("RESCHEDULE", new, story.guests, fields={"prevMeetId": old.id})
    new_meeting: object = {"_id": new.id} if story.shape.as_object else new.id
    reschedule_fields: Data = {"reschedule": {**_reason(story, "host"), forward: new_meeting}}
    status = "CANCELLED" if story.shape.old_as_cancelled else "ACTIVE"
    return Action("RESCHEDULE", old, story.guests, status, fields=reschedule_fields)


def _reason(story: OrufyBooking, who: str) -> Data:
    return {"timestamp": instant(story.at), "reason": "नहीं आ सकते 🙏", "by": who}


def _body(story: OrufyBooking, action: Action) -> Data:
    """Body of an action, with the fields in `shape.outside_meet_data` outside `meetData`."""
    meeting = _meeting(story, action)
    outer_fields = {
        name: meeting.pop(name) for name in sorted(story.shape.outside_meet_data) if name in meeting
    }
    return {"eventType": action.event_type, "meetData": meeting, **outer_fields}


def _meeting(story: OrufyBooking, action: Action) -> Data:
    status = {"status": action.status} if action.status else {}
    together = {"multipleBookingIdentifier": story.together} if story.together else {}
    empty: Data = {"cancellation": {}, "reschedule": {}, "followUp": {}} if story.shape.empty_objects else {}
    return {
        "_id": action.meeting.id,
        "appId": story.account.id,
        "eventId": story.bookable[0],
        "eventName": story.bookable[1],
        "eventSlug": story.bookable[0],
        "time": instant(action.meeting.starts_at),
        "duration": story.minutes,
        "type": story.format,
        **status,
        "markAsNoShow": False,
        "createByContact": story.format != "COLLECTIVE",
        "maxAttendees": 8 if story.format == "GROUP" else 1,
        "agents": ["ag-1"],
        "agentsDetails": [{"_id": "ag-1", "name": "Robin Host"}],
        "attendeeIds": [guest.id for guest in action.guests],
        "attendees": [_attendee(story, action, guest) for guest in action.guests],
        **together,
        **empty,
        **action.fields,
    }


def _attendee(story: OrufyBooking, action: Action, guest: Guest) -> Data:
    is_cancelled = guest.id in action.cancelled_guests
    absent = action.event_type == story.shape.no_show_type and story.shape.no_show_of_guest
    return {
        "_id": guest.id,
        "status": "CANCELLED" if is_cancelled else "ACTIVE",
        "name": f"{guest.person.first_name} {guest.person.last_name}",
        "email": guest.person.email,
        **({"markAsNoShow": True} if absent and guest is action.guests[0] else {}),
        "cancellation": _reason(story, "guest") if is_cancelled else {},
        "reschedule": {},
    }
