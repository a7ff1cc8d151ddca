"""CALENDAR_AVAILABILITY_NOT_FOUND: No slot could be offered; here `recordId` is the conversation."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, shown
from pipelines.contracts.popp import PROVIDER, EventData, PoppDocument
from pipelines.contracts.popp.scheduling import PAGE


class CalendarAvailabilityNotFoundData(EventData, kw_only=True):
    """There is no meeting in it, whatever the documents say of all scheduling events."""

    conversation_id: Annotated[Identifier, shown("the conversation, not a booking", PAGE)] = field(
        name="recordId"
    )


class CalendarAvailabilityNotFound(PoppDocument, kw_only=True, tag="CALENDAR_AVAILABILITY_NOT_FOUND"):
    """The whole document."""

    data: CalendarAvailabilityNotFoundData


CONTRACT = Contract(
    PROVIDER,
    CalendarAvailabilityNotFound,
    entity="conversation_id",
    description="No slot could be offered; here `recordId` is the conversation.",
)
