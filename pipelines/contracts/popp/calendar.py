"""Contracts of calendar events: meetings that were scheduled, and reasons why none could be."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import (
    Identifier,
    Instant,
    PersonalText,
    Record,
    Text,
    documented,
    guess,
    shown,
)
from pipelines.contracts.popp.envelope import STRUCTURE_PAGE, EventData, PoppDocument
from pipelines.contracts.popp.provider import PROVIDER

PAGE = "Popp, Scheduling Events"


class Participant(Record, kw_only=True):
    """One participant of a meeting; the role is not sent."""

    email: Annotated[PersonalText | None, documented("address; candidate or host, no role is sent", PAGE)] = (
        None
    )
    name: Annotated[PersonalText | None, documented("name; candidate or host, no role is sent", PAGE)] = None


class MeetingDetails(Record, kw_only=True):
    """State of the meeting after the event; both times have a UTC offset, `timezone` is for display."""

    title: Annotated[PersonalText | None, documented("title, which may name the candidate", PAGE)] = None
    start_at: Annotated[Instant, documented("start; the new one after a move", PAGE)] = field(
        name="startDateTime"
    )
    end_at: Annotated[Instant, documented("end; the new one after a move", PAGE)] = field(name="endDateTime")
    time_zone: Annotated[Text | None, documented("IANA zone for display; the times need none", PAGE)] = field(
        name="timezone", default=None
    )
    location: Annotated[Text | None, documented("place, where people meet in person", PAGE)] = None
    video_conference: Annotated[bool | None, documented("held by video", PAGE)] = None
    url: Annotated[Text | None, documented("address of the video call", PAGE)] = field(
        name="meetingUrl", default=None
    )
    participants: Annotated[list[Participant] | None, documented("who takes part", PAGE)] = None


class SchedulingData(EventData, kw_only=True):
    """Fields of `data` in scheduling events except `recordId`, whose meaning differs by event type."""

    external_conversation_id: Annotated[
        Text | None, documented("the customer's own id of the conversation", PAGE)
    ] = None
    external_campaign_id: Annotated[
        Text | None, documented("the customer's own id of the campaign or job", PAGE)
    ] = None


class MeetingData(SchedulingData, kw_only=True):
    """Fields of `data` in an event about a meeting; `recordId` is the booking."""

    booking_id: Annotated[Identifier, shown("the booking", PAGE)] = field(name="recordId")
    conversation_id: Annotated[Text | None, documented("the conversation that led to it", PAGE)] = None
    meeting: Annotated[MeetingDetails | None, documented("the meeting as it now stands", PAGE)] = field(
        name="meetingDetails", default=None
    )


class CalendarMeetingScheduled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_SCHEDULED"):
    """The candidate booked a meeting."""

    data: MeetingData


class CalendarMeetingRescheduled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_RESCHEDULED"):
    """A meeting was moved; the times are the new ones."""

    data: MeetingData


class CalendarMeetingCancelled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_CANCELLED"):
    """A booked meeting was cancelled; neither reason nor actor is sent."""

    data: MeetingData


class CalendarNoteTakerCompletedData(MeetingData, kw_only=True):
    """Fields of `data` in an event about a meeting, with the summary of its recording."""

    note_taker_transcript_summary: Annotated[
        PersonalText | None, documented("what was said, summed up by a model", PAGE)
    ] = None


class CalendarNoteTakerCompleted(PoppDocument, kw_only=True, tag="CALENDAR_NOTE_TAKER_COMPLETED"):
    """The recording of a meeting was processed, so the meeting took place."""

    data: CalendarNoteTakerCompletedData


class CalendarMoreTimeRequestedData(SchedulingData, kw_only=True):
    """Fields of `data`; it has no meeting, although the documentation gives one to every scheduling event."""

    conversation_id: Annotated[Identifier, shown("the conversation, not a booking", PAGE)] = field(
        name="recordId"
    )
    asked_conversation_id: Annotated[
        Text | None, documented("the conversation once more, equal to `recordId`", PAGE)
    ] = field(name="conversationId", default=None)
    campaign_id: Annotated[Text | None, documented("the campaign, as Popp knows it", PAGE)] = None
    calendar_meeting_template_id: Annotated[
        Text | None, documented("the template that meetings of the conversation are made from", PAGE)
    ] = None


class CalendarMoreTimeRequested(PoppDocument, kw_only=True, tag="CALENDAR_MORE_TIME_REQUESTED"):
    """The candidate asked for other times; here `recordId` is the conversation."""

    data: CalendarMoreTimeRequestedData


class CalendarAvailabilityNotFoundData(EventData, kw_only=True):
    """Fields of `data`; it has no meeting, although the documentation gives one to every scheduling event."""

    conversation_id: Annotated[Identifier, shown("the conversation, not a booking", PAGE)] = field(
        name="recordId"
    )


class CalendarAvailabilityNotFound(PoppDocument, kw_only=True, tag="CALENDAR_AVAILABILITY_NOT_FOUND"):
    """No slot could be offered; here `recordId` is the conversation."""

    data: CalendarAvailabilityNotFoundData


class UpdatedParticipant(Record, kw_only=True):
    """One participant of an updated meeting; all fields are guesses, taken from the other events."""

    email: Annotated[PersonalText | None, guess("address; candidate or host, no role is sent")] = None
    name: Annotated[PersonalText | None, guess("name; candidate or host, no role is sent")] = None


class UpdatedMeetingDetails(Record, kw_only=True):
    """State of an updated meeting; all fields, even the times, are guesses, taken from the other events."""

    title: Annotated[PersonalText | None, guess("title, which may name the candidate")] = None
    start_at: Annotated[Instant | None, guess("start as it now stands")] = field(
        name="startDateTime", default=None
    )
    end_at: Annotated[Instant | None, guess("end as it now stands")] = field(name="endDateTime", default=None)
    time_zone: Annotated[Text | None, guess("IANA zone for display")] = field(name="timezone", default=None)
    location: Annotated[Text | None, guess("place, where people meet in person")] = None
    video_conference: Annotated[bool | None, guess("held by video")] = None
    url: Annotated[Text | None, guess("address of the video call")] = field(name="meetingUrl", default=None)
    participants: Annotated[list[UpdatedParticipant] | None, guess("who takes part")] = None


class CalendarMeetingUpdatedData(EventData, kw_only=True):
    """Fields of `data`; only the two ids are certain, and that `recordId` is the booking is a guess."""

    booking_id: Annotated[
        Identifier, documented("the resource of the event; that it is the booking is a guess", STRUCTURE_PAGE)
    ] = field(name="recordId")
    external_conversation_id: Annotated[Text | None, guess("the customer's own id of the conversation")] = (
        None
    )
    external_campaign_id: Annotated[Text | None, guess("the customer's own id of the campaign or job")] = None
    conversation_id: Annotated[Text | None, guess("the conversation that led to it")] = None
    meeting: Annotated[UpdatedMeetingDetails | None, guess("the meeting as it now stands")] = field(
        name="meetingDetails", default=None
    )


class CalendarMeetingUpdated(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_UPDATED"):
    """A meeting was accepted, declined or changed in detail; its payload is a guess."""

    data: CalendarMeetingUpdatedData


CONTRACTS = (
    Contract(PROVIDER, CalendarMeetingScheduled, entity="booking_id"),
    Contract(PROVIDER, CalendarMeetingRescheduled, entity="booking_id"),
    Contract(PROVIDER, CalendarMeetingCancelled, entity="booking_id"),
    Contract(PROVIDER, CalendarNoteTakerCompleted, entity="booking_id"),
    Contract(PROVIDER, CalendarMoreTimeRequested, entity="conversation_id"),
    Contract(PROVIDER, CalendarAvailabilityNotFound, entity="conversation_id"),
    Contract(PROVIDER, CalendarMeetingUpdated, entity="booking_id"),
)
