"""What every Orufy document has once it is arranged."""

from msgspec import field

from pipelines.contracts.field_types import Record
from pipelines.contracts.orufy.meeting import Meeting


class Envelope(Record, kw_only=True, tag_field="eventType"):
    """The type stands beside the meeting; everything else stands in it."""

    meeting: Meeting = field(name="meetData")
