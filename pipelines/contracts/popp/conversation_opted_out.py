"""CONVERSATION_OPTED_OUT: The candidate opted out of messages."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import ConversationData


class ConversationOptedOut(PoppDocument, kw_only=True, tag="CONVERSATION_OPTED_OUT"):
    """The whole document."""

    data: ConversationData


CONTRACT = Contract(
    PROVIDER,
    ConversationOptedOut,
    entity="conversation_id",
    description="The candidate opted out of messages.",
)
