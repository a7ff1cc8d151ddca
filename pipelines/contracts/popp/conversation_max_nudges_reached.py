"""CONVERSATION_MAX_NUDGES_REACHED: All configured nudges of one sequence were sent without a reply."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Count, PersonalText, Text, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import PAGE, ConversationData


class ConversationMaxNudgesReachedData(ConversationData, kw_only=True):
    """The person nudged is the interviewer where `campaign_type` is AVAILABILITY_OUTREACH."""

    nudged_conversation_id: Annotated[
        Text | None, documented("the conversation once more, equal to `recordId`", PAGE)
    ] = field(name="conversationId", default=None)
    campaign_id: Annotated[Text | None, documented("the campaign, as Popp knows it", PAGE)] = None
    campaign_type: Annotated[
        Text | None, documented("kind of campaign, such as SCHEDULING; says who was nudged", PAGE)
    ] = None
    participant_email: Annotated[
        PersonalText | None, documented("address of who was nudged; null where only a phone is known", PAGE)
    ] = None
    nudges_sent: Annotated[Count | None, documented("nudges that went out", PAGE)] = None


class ConversationMaxNudgesReached(PoppDocument, kw_only=True, tag="CONVERSATION_MAX_NUDGES_REACHED"):
    """The whole document."""

    data: ConversationMaxNudgesReachedData


CONTRACT = Contract(
    PROVIDER,
    ConversationMaxNudgesReached,
    entity="conversation_id",
    description="All configured nudges of one sequence were sent without a reply.",
)
