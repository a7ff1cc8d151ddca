"""CONVERSATION_COMPLETED: the conversation ended, which is not the same as passed."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import ScreenedData


class ConversationCompleted(PoppDocument, kw_only=True, tag="CONVERSATION_COMPLETED"):
    """The whole document."""

    data: ScreenedData


CONTRACT = Contract(
    PROVIDER,
    ConversationCompleted,
    entity="conversation_id",
    description="The conversation ended; the status says how, and passing is only one of the ways.",
)
