"""Write the webhook events of simulated bookings."""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from pipelines.simulate.journeys.model import BookingChange, Change, LooseBooking, Person, SimulatedMeeting
from pipelines.simulate.payloads.payload import Data, EventPayload, instant, present
from pipelines.simulate.world.tenants import Campaign

EVENT_TYPES: MappingProxyType[Change, str] = MappingProxyType(
    {
        "SCHEDULED": "CALENDAR_MEETING_SCHEDULED",
        "RESCHEDULED": "CALENDAR_MEETING_RESCHEDULED",
        "UPDATED": "CALENDAR_MEETING_UPDATED",
        "CANCELLED": "CALENDAR_MEETING_CANCELLED",
        "HELD": "CALENDAR_NOTE_TAKER_COMPLETED",
    }
)


def loose_booking_notices(story: LooseBooking) -> Iterator[EventPayload]:
    """Return the events of a booking that belongs to no conversation."""
    return meeting_notices(story.campaign, story.person, (story.meeting,), None, None)


def meeting_notices(
    campaign: Campaign,
    person: Person,
    meetings: tuple[SimulatedMeeting, ...],
    conversation_id: str | None,
    external_conversation_id: str | None,
) -> Iterator[EventPayload]:
    """Yield one event for each delivered change of each booking."""
    for meeting in meetings:
        about = {
            "recordId": meeting.booking_id,
            "organizationId": campaign.organization.id,
            **present(
                conversationId=conversation_id,
                externalConversationId=external_conversation_id,
                externalCampaignId=campaign.external_id,
            ),
        }
        for move in meeting.delivered_changes:
            yield EventPayload(
                EVENT_TYPES[move.change], move.at, {**about, **_change_data(campaign, person, move)}
            )


def _change_data(campaign: Campaign, person: Person, move: BookingChange) -> Data:
    summary = f'{person.first_name} described the last job; "next steps" agreed.\n– End –'
    notes = {"noteTakerTranscriptSummary": summary} if move.change == "HELD" else {}
    return {**notes, "meetingDetails": _meeting_details(campaign, person, move)}


def _meeting_details(campaign: Campaign, person: Person, move: BookingChange) -> Data:
    name, clock = f"{person.first_name} {person.last_name}", campaign.organization.clock
    place = {"location": "Room 4, 2nd floor"} if campaign.in_person else {}
    link = {} if campaign.in_person else {"meetingUrl": f"https://meet.example.test/{campaign.id}"}
    return {
        "title": f"Interview with {name}",
        "startDateTime": instant(move.starts_at, clock),
        "endDateTime": instant(move.starts_at + timedelta(minutes=move.minutes), clock),
        "timezone": campaign.time_zone,
        **place,
        "videoConference": not campaign.in_person,
        **link,
        "participants": [
            {"email": person.email or "by-phone@example.test", "name": name},
            {"email": f"interviewer@{campaign.organization.series}.example.test", "name": "Robin Host"},
        ],
    }
