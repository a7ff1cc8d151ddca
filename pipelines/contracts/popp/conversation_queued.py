"""CONVERSATION_QUEUED: The conversation was created and waits to start."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import ConversationData


class ConversationQueued(PoppDocument, kw_only=True, tag="CONVERSATION_QUEUED"):
    """The whole document."""

    data: ConversationData


CONTRACT = Contract(
    PROVIDER,
    ConversationQueued,
    entity="conversation_id",
    description="The conversation was created and waits to start.",
)
