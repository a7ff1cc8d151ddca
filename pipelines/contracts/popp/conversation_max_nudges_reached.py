"""CONVERSATION_MAX_NUDGES_REACHED: All configured nudges of one sequence were sent without a reply."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.conversation import ConversationData
from pipelines.contracts.types import Count, PersonalText, Text


class Data(ConversationData, kw_only=True):
    """The person nudged is the interviewer where `campaign_type` is AVAILABILITY_OUTREACH."""

    nudged_conversation_id: Text | None = field(name="conversationId", default=None)
    campaign_id: Text | None = None
    campaign_type: Text | None = None
    participant_email: PersonalText | None = None
    nudges_sent: Count | None = None


class ConversationMaxNudgesReached(Envelope, kw_only=True, tag="CONVERSATION_MAX_NUDGES_REACHED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    ConversationMaxNudgesReached,
    entity="conversation_id",
    description="All configured nudges of one sequence were sent without a reply.",
)
