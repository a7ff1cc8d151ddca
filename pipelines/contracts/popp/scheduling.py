"""What scheduling events share."""

from msgspec import field

from pipelines.contracts.types import Identifier, Instant, PersonalText, Record, Text


class Participant(Record, kw_only=True):
    """Somebody in the meeting; the role is not sent."""

    email: PersonalText | None = None
    name: PersonalText | None = None


class MeetingDetails(Record, kw_only=True):
    """The meeting as it stands after the event; both times are instants, `timezone` is for display."""

    title: PersonalText | None = None
    start_at: Instant = field(name="startDateTime")
    end_at: Instant = field(name="endDateTime")
    time_zone: Text | None = field(name="timezone", default=None)
    location: Text | None = None
    video_conference: bool | None = None
    url: Text | None = field(name="meetingUrl", default=None)
    participants: list[Participant] | None = None


class MeetingData(Record, kw_only=True):
    """`data` of an event about a meeting; `recordId` is the booking."""

    booking_id: Identifier = field(name="recordId")
    organization_id: Identifier
    conversation_id: Text | None = None
    external_conversation_id: Text | None = None
    external_campaign_id: Text | None = None
    meeting: MeetingDetails | None = field(name="meetingDetails", default=None)
