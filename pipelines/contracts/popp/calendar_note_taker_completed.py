"""CALENDAR_NOTE_TAKER_COMPLETED: The recording of a meeting was processed, so the meeting took place."""

from typing import Annotated

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import PersonalText, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.scheduling import PAGE, MeetingData


class CalendarNoteTakerCompletedData(MeetingData, kw_only=True):
    """With the summary of the recording."""

    note_taker_transcript_summary: Annotated[
        PersonalText | None, documented("what was said, summed up by a model", PAGE)
    ] = None


class CalendarNoteTakerCompleted(PoppDocument, kw_only=True, tag="CALENDAR_NOTE_TAKER_COMPLETED"):
    """The whole document."""

    data: CalendarNoteTakerCompletedData


CONTRACT = Contract(
    PROVIDER,
    CalendarNoteTakerCompleted,
    entity="booking_id",
    description="The recording of a meeting was processed, so the meeting took place.",
)
