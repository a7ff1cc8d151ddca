"""Meeting fields of every Orufy event. Most types are guesses: Orufy's page has names but no example."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.field_types import (
    Anything,
    Identifier,
    Instant,
    Number,
    PersonalAnything,
    PersonalText,
    Record,
    Text,
    documented,
    guess,
)

PAGE = "Orufy Bookings, Webhooks"


class Attendee(Record, kw_only=True):
    """An invited attendee; all fields except the status are undocumented."""

    attendee_id: Annotated[Text | None, guess("attendee", PAGE)] = field(name="_id", default=None)
    status: Annotated[Text | None, guess("ACTIVE while part of the meeting, also after it moved", PAGE)] = (
        None
    )
    name: Annotated[PersonalText | None, guess("name")] = None
    email: Annotated[PersonalText | None, guess("address")] = None
    mark_as_no_show: Annotated[bool | None, guess("did not come")] = None
    cancellation: Annotated[PersonalAnything, guess("this attendee's cancellation", PAGE)] = None
    reschedule: Annotated[PersonalAnything, guess("reserved for this attendee's move", PAGE)] = None


class OrufyPayment(Record, kw_only=True):
    """Payment of a booking. Amounts are stored as sent: whether in major or minor units is not documented."""

    id: Annotated[Text | None, documented("payment record", PAGE)] = field(name="_id", default=None)
    account_id: Annotated[Text | None, documented("application of the payment", PAGE)] = field(
        name="appId", default=None
    )
    amount: Annotated[Anything, guess("amount charged, unit unknown", PAGE)] = None
    currency_code: Annotated[Text | None, documented("currency, such as USD", PAGE)] = None
    method: Annotated[Text | None, documented("gateway, such as STRIPE", PAGE)] = None
    status: Annotated[Text | None, documented("PENDING, DONE, FAILED and perhaps others", PAGE)] = None
    billing_name: Annotated[PersonalText | None, guess("who pays", PAGE)] = None
    billing_address: Annotated[PersonalAnything, guess("address of who pays", PAGE)] = None
    email: Annotated[PersonalText | None, guess("address for the invoice", PAGE)] = field(
        name="emailId", default=None
    )
    paid_at: Annotated[Anything, guess("when it was completed; form of the time unknown", PAGE)] = field(
        name="paymentTime", default=None
    )
    external_payment_id: Annotated[Text | None, documented("the gateway's reference", PAGE)] = None
    note: Annotated[PersonalAnything, guess("note of who pays", PAGE)] = None
    meeting_created_at: Annotated[Anything, guess("when the meeting was made after payment", PAGE)] = field(
        name="meetCreatedAt", default=None
    )
    amount_on_duration: Annotated[Anything, guess("price by duration", PAGE)] = None
    order_id: Annotated[Text | None, documented("internal order", PAGE)] = None
    created_at: Annotated[Anything, guess("when the record was made; form unknown", PAGE)] = None
    updated_at: Annotated[Anything, guess("when the record was last changed; form unknown", PAGE)] = None


class OrufyMeeting(Record, kw_only=True):
    """The object `meetData`: state of the meeting after the event."""

    meeting_id: Annotated[Identifier, documented("the meeting; a move makes a new one", PAGE)] = field(
        name="_id"
    )
    organization_id: Annotated[Identifier | None, guess("the Orufy account", PAGE)] = field(
        name="appId", default=None
    )
    bookable_event_id: Annotated[Text | None, guess("the bookable event type; no event key", PAGE)] = field(
        name="eventId", default=None
    )
    bookable_event_name: Annotated[PersonalText | None, guess("title of the event type", PAGE)] = field(
        name="eventName", default=None
    )
    bookable_event_slug: Annotated[Text | None, guess("the title in addresses", PAGE)] = field(
        name="eventSlug", default=None
    )
    modified_event_name: Annotated[PersonalText | None, guess("title given to this meeting", PAGE)] = None
    starts_at: Annotated[Instant | None, documented("scheduled start, UTC", PAGE)] = field(
        name="time", default=None
    )
    duration_minutes: Annotated[Number | None, documented("length in minutes; no end is sent", PAGE)] = field(
        name="duration", default=None
    )
    meeting_status: Annotated[Text | None, documented("ACTIVE, CANCELLED and perhaps others", PAGE)] = field(
        name="status", default=None
    )
    meeting_format: Annotated[Text | None, documented("SOLO, GROUP, ROUNDROBIN or COLLECTIVE", PAGE)] = field(
        name="type", default=None
    )
    mark_as_no_show: Annotated[bool | None, guess("the attendee did not come", PAGE)] = None
    multiple_booking_identifier: Annotated[Text | None, guess("shared by meetings booked at once", PAGE)] = (
        None
    )
    prev_meeting_id: Annotated[Text | None, documented("the meeting that this one replaces", PAGE)] = field(
        name="prevMeetId", default=None
    )
    cancellation: Annotated[PersonalAnything, guess("when, why and by whom it was cancelled", PAGE)] = None
    reschedule: Annotated[
        PersonalAnything, guess("when, why and by whom it was moved, and the new meeting", PAGE)
    ] = None
    created_by_contact: Annotated[bool | None, documented("a contact booked it", PAGE)] = field(
        name="createByContact", default=None
    )
    max_attendees: Annotated[Number | None, documented("capacity", PAGE)] = None
    agent_ids: Annotated[Anything, documented("hosts", PAGE)] = field(name="agents", default=None)
    attendee_ids: Annotated[Anything, documented("attendees", PAGE)] = None
    external_ids: Annotated[Anything, documented("references of other systems", PAGE)] = None
    mode_note: Annotated[PersonalText | None, guess("note on where it takes place", PAGE)] = None
    notes: Annotated[PersonalAnything, documented("notes and comments", PAGE)] = None
    follow_up: Annotated[PersonalAnything, guess("follow-up action", PAGE)] = None
    reminders: Annotated[Anything, documented("reminders configured", PAGE)] = None
    calendar_event: Annotated[Anything, guess("the linked calendar event", PAGE)] = None
    agents_details: Annotated[PersonalAnything, guess("profiles of the hosts", PAGE)] = None
    attendees: Annotated[list[Attendee] | None, guess("profiles of the attendees", PAGE)] = None
    payment: Annotated[OrufyPayment | None, guess("the payment, where booking costs", PAGE)] = None
