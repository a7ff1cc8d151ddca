"""CALENDAR_AVAILABILITY_NOT_FOUND: No slot could be offered; here `recordId` is the conversation."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.types import Identifier, Record


class Data(Record, kw_only=True):
    """There is no meeting in it, whatever the documents say of all scheduling events."""

    conversation_id: Identifier = field(name="recordId")
    organization_id: Identifier


class CalendarAvailabilityNotFound(Envelope, kw_only=True, tag="CALENDAR_AVAILABILITY_NOT_FOUND"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    CalendarAvailabilityNotFound,
    entity="conversation_id",
    description="No slot could be offered; here `recordId` is the conversation.",
)
