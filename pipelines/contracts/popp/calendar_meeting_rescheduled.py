"""CALENDAR_MEETING_RESCHEDULED: A meeting was moved; the times are the new ones."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.scheduling import MeetingData


class CalendarMeetingRescheduled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_RESCHEDULED"):
    """The whole document."""

    data: MeetingData


CONTRACT = Contract(
    PROVIDER,
    CalendarMeetingRescheduled,
    entity="booking_id",
    description="A meeting was moved; the times are the new ones.",
)
