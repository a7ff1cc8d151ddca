"""CONVERSATION_NEEDS_REVIEW: the conversation was flagged for a person."""

from typing import Annotated

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Day, Text, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.conversation import PAGE, ScreenedData


class ConversationNeedsReviewData(ScreenedData, kw_only=True):
    """`return_date` null and absent both mean no date."""

    is_human_takeover: Annotated[
        bool | None, documented("a person has taken over and the agent is paused", PAGE)
    ] = None
    needs_review_reason: Annotated[
        Text | None, documented("why, such as OUT_OF_OFFICE; absent where no category applies", PAGE)
    ] = None
    return_date: Annotated[
        Day | None, documented("day of return of who is out of office; null and absent are the same", PAGE)
    ] = None


class ConversationNeedsReview(PoppDocument, kw_only=True, tag="CONVERSATION_NEEDS_REVIEW"):
    """The whole document."""

    data: ConversationNeedsReviewData


CONTRACT = Contract(
    PROVIDER,
    ConversationNeedsReview,
    entity="conversation_id",
    description="The conversation was flagged for a person; no reason is a category of its own.",
)
