"""CONVERSATION_COMPLETED: the conversation ended, which is not the same as passed."""

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.conversation import ConversationData
from pipelines.contracts.types import Number, PersonalText, Record, Text


class ScreeningQuestionOutcome(Record, kw_only=True):
    """One question; there is no question id, the text is the identity."""

    screening_question: Text
    response_summary: PersonalText | None = None
    question_outcome: Text | None = None


class Data(ConversationData, kw_only=True):
    """A score of 0 is a score; null is none."""

    scorecard_total_value: Number | None = None
    screening_questions_outcome: list[ScreeningQuestionOutcome] | None = None


class ConversationCompleted(Envelope, kw_only=True, tag="CONVERSATION_COMPLETED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    ConversationCompleted,
    entity="conversation_id",
    description="The conversation ended; the status says how, and passing is only one of the ways.",
)
