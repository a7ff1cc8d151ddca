"""Contracts of conversation events. All fields except the two ids are optional."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import (
    Count,
    Day,
    Identifier,
    Number,
    PersonalText,
    Record,
    Text,
    documented,
)
from pipelines.contracts.popp.envelope import EventData, PoppDocument
from pipelines.contracts.popp.provider import PROVIDER

PAGE = "Popp, Conversation Events"
LEGACY_PAGE = "Popp, Conversation Events Guide (legacy)"


class ConversationData(EventData, kw_only=True):
    """Fields of `data` in conversation events; `recordId` is the conversation."""

    conversation_id: Annotated[Identifier, documented("the conversation", PAGE)] = field(name="recordId")
    conversation_status: Annotated[Text | None, documented("status; more values may come", PAGE)] = None
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
    """Result of one screening question; questions have no id and are identified by their text."""

    screening_question: Annotated[Text, documented("the question; it has no id", PAGE)]
    response_summary: Annotated[
        PersonalText | None, documented("what the candidate answered, in short; null where nothing", PAGE)
    ] = None
    question_outcome: Annotated[
        Text | None, documented("PASSED, FAILED, NOT_COMPLETED and perhaps others", PAGE)
    ] = None


class ScreenedData(ConversationData, kw_only=True):
    """Fields of `data` with a screening result. A score of 0 is a score, null is no score.

    Popp's legacy page gives these fields to all of its events, the current page to the completed one only.
    """

    scorecard_total_value: Annotated[Number | None, documented("score of the screening, 0 to 100", PAGE)] = (
        None
    )
    screening_questions_outcome: Annotated[
        list[ScreeningQuestionOutcome] | None, documented("result of each screening question", PAGE)
    ] = None


class ConversationQueued(PoppDocument, kw_only=True, tag="CONVERSATION_QUEUED"):
    """The conversation was created and waits to start."""

    data: ConversationData


class ConversationStarted(PoppDocument, kw_only=True, tag="CONVERSATION_STARTED"):
    """The first message reached the candidate."""

    data: ScreenedData


class StartConversationFailed(PoppDocument, kw_only=True, tag="START_CONVERSATION_FAILED"):
    """The conversation could not be started; the reason is not sent."""

    data: ConversationData


class ConversationNeedsReviewData(ScreenedData, kw_only=True):
    """Fields of `data` in an event that asks for a review; `return_date` null or absent means no date."""

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
    """The conversation was flagged for review by a person; the reason may be absent."""

    data: ConversationNeedsReviewData


class ConversationMaxNudgesReachedData(ConversationData, kw_only=True):
    """Fields of `data`; where `campaign_type` is AVAILABILITY_OUTREACH the interviewer was nudged."""

    nudged_conversation_id: Annotated[
        Text | None, documented("the conversation once more, equal to `recordId`", PAGE)
    ] = field(name="conversationId", default=None)
    campaign_id: Annotated[Text | None, documented("the campaign, as Popp knows it", PAGE)] = None
    campaign_type: Annotated[
        Text | None, documented("kind of campaign, such as SCHEDULING; says who was nudged", PAGE)
    ] = None
    participant_email: Annotated[
        PersonalText | None, documented("address of who was nudged; null where only a phone is known", PAGE)
    ] = None
    nudges_sent: Annotated[Count | None, documented("nudges that went out", PAGE)] = None


class ConversationMaxNudgesReached(PoppDocument, kw_only=True, tag="CONVERSATION_MAX_NUDGES_REACHED"):
    """All configured nudges of one sequence were sent without a reply."""

    data: ConversationMaxNudgesReachedData


class ConversationOptedOut(PoppDocument, kw_only=True, tag="CONVERSATION_OPTED_OUT"):
    """The candidate opted out of messages."""

    data: ConversationData


class ConversationCompleted(PoppDocument, kw_only=True, tag="CONVERSATION_COMPLETED"):
    """The conversation ended, whether or not the candidate passed; the status says how."""

    data: ScreenedData


CONTRACTS = (
    Contract(PROVIDER, ConversationQueued, entity="conversation_id"),
    Contract(PROVIDER, ConversationStarted, entity="conversation_id"),
    Contract(PROVIDER, StartConversationFailed, entity="conversation_id"),
    Contract(PROVIDER, ConversationNeedsReview, entity="conversation_id"),
    Contract(PROVIDER, ConversationMaxNudgesReached, entity="conversation_id"),
    Contract(PROVIDER, ConversationOptedOut, entity="conversation_id"),
    Contract(PROVIDER, ConversationCompleted, entity="conversation_id"),
)
