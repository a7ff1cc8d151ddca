"""CALENDAR_MORE_TIME_REQUESTED: The candidate asked for other times; here `recordId` is the conversation."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, Text, documented, shown
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.scheduling import PAGE, SchedulingData


class CalendarMoreTimeRequestedData(SchedulingData, kw_only=True):
    """There is no meeting in it, whatever the documents say of all scheduling events."""

    conversation_id: Annotated[Identifier, shown("the conversation, not a booking", PAGE)] = field(
        name="recordId"
    )
    asked_conversation_id: Annotated[
        Text | None, documented("the conversation once more, equal to `recordId`", PAGE)
    ] = field(name="conversationId", default=None)
    campaign_id: Annotated[Text | None, documented("the campaign, as Popp knows it", PAGE)] = None
    calendar_meeting_template_id: Annotated[
        Text | None, documented("the template that meetings of the conversation are made from", PAGE)
    ] = None


class CalendarMoreTimeRequested(PoppDocument, kw_only=True, tag="CALENDAR_MORE_TIME_REQUESTED"):
    """The whole document."""

    data: CalendarMoreTimeRequestedData


CONTRACT = Contract(
    PROVIDER,
    CalendarMoreTimeRequested,
    entity="conversation_id",
    description="The candidate asked for other times; here `recordId` is the conversation.",
)
