"""CALENDAR_MORE_TIME_REQUESTED: The candidate asked for other times; here `recordId` is the conversation."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.types import Identifier, Record, Text


class Data(Record, kw_only=True):
    """There is no meeting in it, whatever the documents say of all scheduling events."""

    conversation_id: Identifier = field(name="recordId")
    organization_id: Identifier
    asked_conversation_id: Text | None = field(name="conversationId", default=None)
    external_conversation_id: Text | None = None
    external_campaign_id: Text | None = None
    campaign_id: Text | None = None
    calendar_meeting_template_id: Text | None = None


class CalendarMoreTimeRequested(Envelope, kw_only=True, tag="CALENDAR_MORE_TIME_REQUESTED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    CalendarMoreTimeRequested,
    entity="conversation_id",
    description="The candidate asked for other times; here `recordId` is the conversation.",
)
