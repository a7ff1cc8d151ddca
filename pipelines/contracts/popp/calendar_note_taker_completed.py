"""CALENDAR_NOTE_TAKER_COMPLETED: The recording of a meeting was processed, so the meeting took place."""

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.scheduling import MeetingData
from pipelines.contracts.types import PersonalText


class Data(MeetingData, kw_only=True):
    """With the summary of the recording."""

    note_taker_transcript_summary: PersonalText | None = None


class CalendarNoteTakerCompleted(Envelope, kw_only=True, tag="CALENDAR_NOTE_TAKER_COMPLETED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    CalendarNoteTakerCompleted,
    entity="booking_id",
    description="The recording of a meeting was processed, so the meeting took place.",
)
