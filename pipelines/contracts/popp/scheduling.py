"""Fields that scheduling events share."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.field_types import (
    Identifier,
    Instant,
    PersonalText,
    Record,
    Text,
    documented,
    shown,
)
from pipelines.contracts.popp import EventData

PAGE = "Popp, Scheduling Events"


class Participant(Record, kw_only=True):
    """Somebody in the meeting; the role is not sent."""

    email: Annotated[PersonalText | None, documented("address; candidate or host, no role is sent", PAGE)] = (
        None
    )
    name: Annotated[PersonalText | None, documented("name; candidate or host, no role is sent", PAGE)] = None


class MeetingDetails(Record, kw_only=True):
    """The meeting as it stands after the event; both times are instants, `timezone` is for display."""

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
    """Fields of `data` in scheduling events, without `recordId`, whose meaning differs by event."""

    external_conversation_id: Annotated[
        Text | None, documented("the customer's own id of the conversation", PAGE)
    ] = None
    external_campaign_id: Annotated[
        Text | None, documented("the customer's own id of the campaign or job", PAGE)
    ] = None


class MeetingData(SchedulingData, kw_only=True):
    """`data` of an event about a meeting; `recordId` is the booking."""

    booking_id: Annotated[Identifier, shown("the booking", PAGE)] = field(name="recordId")
    conversation_id: Annotated[Text | None, documented("the conversation that led to it", PAGE)] = None
    meeting: Annotated[MeetingDetails | None, documented("the meeting as it now stands", PAGE)] = field(
        name="meetingDetails", default=None
    )
