"""CONVERSATION_NEEDS_REVIEW: the conversation was flagged for a person."""

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.conversation import ConversationData
from pipelines.contracts.types import Day, Text


class Data(ConversationData, kw_only=True):
    """`return_date` null and absent both mean no date."""

    is_human_takeover: bool | None = None
    needs_review_reason: Text | None = None
    return_date: Day | None = None


class ConversationNeedsReview(Envelope, kw_only=True, tag="CONVERSATION_NEEDS_REVIEW"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    ConversationNeedsReview,
    entity="conversation_id",
    description="The conversation was flagged for a person; no reason is a category of its own.",
)
