"""Fields of every normalized Orufy document."""

from msgspec import field

from pipelines.contracts.field_types import Record
from pipelines.contracts.orufy.meeting import OrufyMeeting


class OrufyDocument(Record, kw_only=True, tag_field="eventType"):
    """The type stands next to the meeting; everything else stands in it."""

    meeting: OrufyMeeting = field(name="meetData")
