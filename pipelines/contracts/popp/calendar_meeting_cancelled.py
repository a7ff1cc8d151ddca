"""CALENDAR_MEETING_CANCELLED: A booked meeting was cancelled; neither reason nor actor is sent."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.scheduling import MeetingData


class CalendarMeetingCancelled(PoppDocument, kw_only=True, tag="CALENDAR_MEETING_CANCELLED"):
    """The whole document."""

    data: MeetingData


CONTRACT = Contract(
    PROVIDER,
    CalendarMeetingCancelled,
    entity="booking_id",
    description="A booked meeting was cancelled; neither reason nor actor is sent.",
)
