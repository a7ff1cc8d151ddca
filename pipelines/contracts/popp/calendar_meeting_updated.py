"""CALENDAR_MEETING_UPDATED: A meeting was accepted, declined or changed in detail; its payload is a guess."""

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.scheduling import MeetingData


class CalendarMeetingUpdated(Envelope, kw_only=True, tag="CALENDAR_MEETING_UPDATED"):
    """The whole document."""

    data: MeetingData


CONTRACT = Contract(
    PROVIDER,
    CalendarMeetingUpdated,
    entity="booking_id",
    description="A meeting was accepted, declined or changed in detail; its payload is a guess.",
)
