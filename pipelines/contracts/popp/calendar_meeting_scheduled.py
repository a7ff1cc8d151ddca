"""CALENDAR_MEETING_SCHEDULED: The candidate booked a meeting."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.scheduling import MeetingData


class CalendarMeetingScheduled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_SCHEDULED"):
    """The whole document."""

    data: MeetingData


CONTRACT = Contract(
    PROVIDER, CalendarMeetingScheduled, entity="booking_id", description="The candidate booked a meeting."
)
