"""CONVERSATION_STARTED: The first message reached the candidate."""

from pipelines.contracts.base import Contract
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import ScreenedData


class ConversationStarted(PoppDocument, kw_only=True, tag="CONVERSATION_STARTED"):
    """The whole document."""

    data: ScreenedData


CONTRACT = Contract(
    PROVIDER,
    ConversationStarted,
    entity="conversation_id",
    description="The first message reached the candidate.",
)
