"""CALENDAR_MEETING_UPDATED: A meeting was accepted, declined or changed in detail; its payload is a guess."""

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
)
from pipelines.contracts.popp import PAGE, PROVIDER, EventData, PoppDocument


class UpdatedParticipant(Record, kw_only=True):
    """Somebody in the meeting, if they are sent as in the other events."""

    email: Annotated[PersonalText | None, guess("address; candidate or host, no role is sent")] = None
    name: Annotated[PersonalText | None, guess("name; candidate or host, no role is sent")] = None


class UpdatedMeetingDetails(Record, kw_only=True):
    """The meeting, if it is sent as in the other events; here not even the times are certain."""

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
    """Only the two ids are certain; that `recordId` is the booking is a guess."""

    booking_id: Annotated[
        Identifier, documented("the resource of the event; that it is the booking is a guess", PAGE)
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
    """The whole document."""

    data: CalendarMeetingUpdatedData


CONTRACT = Contract(
    PROVIDER,
    CalendarMeetingUpdated,
    entity="booking_id",
    description="A meeting was accepted, declined or changed in detail; its payload is a guess.",
)
