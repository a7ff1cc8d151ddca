"""Fields that conversation events share. All but the two ids are optional."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.field_types import Identifier, Number, PersonalText, Record, Text, documented
from pipelines.contracts.popp import EventData

PAGE = "Popp, Conversation Events"
LEGACY_PAGE = "Popp, Conversation Events Guide (legacy)"


class ConversationData(EventData, kw_only=True):
    """`data` of a conversation event; `recordId` is the conversation."""

    conversation_id: Annotated[Identifier, documented("the conversation", PAGE)] = field(name="recordId")
    conversation_status: Annotated[Text | None, documented("where it stands; more values may come", PAGE)] = (
        None
    )
    candidate_id: Annotated[Text | None, documented("the candidate, as Popp knows them", PAGE)] = None
    external_conversation_id: Annotated[
        Text | None, documented("the customer's own id of the conversation", PAGE)
    ] = field(name="externalId", default=None)
    external_campaign_id: Annotated[
        Text | None, documented("the customer's own id of the campaign or job", PAGE)
    ] = None
    participant_first_name: Annotated[
        PersonalText | None, documented("given name of the candidate", PAGE)
    ] = None
    participant_first_name_legacy: Annotated[
        PersonalText | None,
        documented("given name of the candidate; the legacy key is misspelt", LEGACY_PAGE),
    ] = field(name="participantFirsName", default=None)
    participant_last_name: Annotated[
        PersonalText | None, documented("family name of the candidate", PAGE)
    ] = None
    campaign_conversation_url: Annotated[
        Text | None, documented("Popp's page of the conversation; the campaign id stands only in it", PAGE)
    ] = None


class ScreeningQuestionOutcome(Record, kw_only=True):
    """One question; there is no question id, the text is the identity."""

    screening_question: Annotated[Text, documented("the question; it has no id", PAGE)]
    response_summary: Annotated[
        PersonalText | None, documented("what the candidate answered, in short; null where nothing", PAGE)
    ] = None
    question_outcome: Annotated[
        Text | None, documented("PASSED, FAILED, NOT_COMPLETED and perhaps others", PAGE)
    ] = None


class ScreenedData(ConversationData, kw_only=True):
    """With the result of the screening. A score of 0 is a score; null is none.

    The legacy page gives this shape to all of its events, the current one to the completed conversation only.
    """

    scorecard_total_value: Annotated[Number | None, documented("score of the screening, 0 to 100", PAGE)] = (
        None
    )
    screening_questions_outcome: Annotated[
        list[ScreeningQuestionOutcome] | None, documented("result of each screening question", PAGE)
    ] = None
