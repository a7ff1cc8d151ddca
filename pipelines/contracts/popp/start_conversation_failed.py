"""START_CONVERSATION_FAILED: The conversation could not be started; the reason is not sent."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import ConversationData


class StartConversationFailed(PoppDocument, kw_only=True, tag="START_CONVERSATION_FAILED"):
    """The whole document."""

    data: ConversationData


CONTRACT = Contract(
    PROVIDER,
    StartConversationFailed,
    entity="conversation_id",
    description="The conversation could not be started; the reason is not sent.",
)
