"""Write the webhook events of a conversation, each with exactly the fields that the provider documents."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Conversation, Ending, Exhaustion, Friction, Review
from pipelines.simulate.payloads.meetings import meeting_notices
from pipelines.simulate.payloads.payload import Data, EventPayload, present


def conversation_notices(story: Conversation) -> Iterator[EventPayload]:
    """Yield the webhook events of a conversation, including its bookings."""
    ids_and_url = {**_ids(story), "campaignConversationUrl": _url(story)}
    yield from _start_events(story, ids_and_url)
    for ending in story.endings:
        yield EventPayload("CONVERSATION_COMPLETED", ending.at, _completed_data(story, ending))
    if story.opted_out_at:
        yield EventPayload("CONVERSATION_OPTED_OUT", story.opted_out_at, ids_and_url)
    for exhaustion in story.exhaustions:
        data = _max_nudges_data(story, exhaustion)
        yield EventPayload("CONVERSATION_MAX_NUDGES_REACHED", exhaustion.at, data)
    for review in story.reviews:
        yield EventPayload("CONVERSATION_NEEDS_REVIEW", review.at, _review_data(story, review))
    for friction in story.frictions:
        yield from _friction_events(story, friction)
    if story.uploaded_at:
        yield EventPayload("DOCUMENT_UPLOADED", story.uploaded_at, _document_data(story))
    yield from meeting_notices(story.campaign, story.person, story.meetings, story.id, _external_id(story))


def legacy_notices(story: Conversation) -> Iterator[EventPayload]:
    """Yield the events of a conversation in the legacy envelope.

    It has fewer fields, nulls instead of absent fields, and the misspelt name `participantFirsName`.
    """
    if story.started_at:
        yield EventPayload("CONVERSATION_STARTED", story.started_at, _legacy_data(story))
    for ending in story.endings:
        answers = [answer for answer in _answers(ending) if answer.get("questionOutcome") != "NOT_COMPLETED"]
        score_and_answers = {"scorecardTotalValue": ending.score, "screeningQuestionsOutcome": answers}
        data = {**_legacy_data(story), "conversationStatus": ending.status, **score_and_answers}
        yield EventPayload("CONVERSATION_COMPLETED", ending.at, data)


def _start_events(story: Conversation, ids_and_url: Data) -> Iterator[EventPayload]:
    if story.delivered_queued_at:
        yield EventPayload("CONVERSATION_QUEUED", story.delivered_queued_at, ids_and_url)
    if story.failed_to_start_at:
        yield EventPayload("START_CONVERSATION_FAILED", story.failed_to_start_at, ids_and_url)
    if story.delivered_started_at:
        status = {"conversationStatus": "ONGOING"}
        yield EventPayload(
            "CONVERSATION_STARTED",
            story.delivered_started_at,
            {**_ids(story), **status, **_participant_fields(story)},
        )


def _ids(story: Conversation) -> Data:
    return {"recordId": story.id, "organizationId": story.organization.id}


def _url(story: Conversation) -> str:
    host, campaign = story.organization.host, story.campaign.id
    return f"https://{host}/campaign/outbound/{campaign}?conversationId={story.id}"


def _external_id(story: Conversation) -> str | None:
    """Customer's id of the conversation; None for customers without external campaign ids."""
    return f"ats-{story.number}" if story.campaign.external_id else None


def _external_ids(story: Conversation) -> Data:
    return present(externalId=_external_id(story), externalCampaignId=story.campaign.external_id)


def _participant_fields(story: Conversation) -> Data:
    return {
        "candidateId": f"cand_{story.number}",
        **_external_ids(story),
        "participantFirstName": story.person.first_name,
        "participantLastName": story.person.last_name,
        "campaignConversationUrl": _url(story),
    }


def _completed_data(story: Conversation, ending: Ending) -> Data:
    status = present(conversationStatus=ending.status)
    score_and_answers = {"scorecardTotalValue": ending.score, "screeningQuestionsOutcome": _answers(ending)}
    return {**_ids(story), **status, **score_and_answers, **_participant_fields(story)}


def _answers(ending: Ending) -> list[Data]:
    return [
        {
            "screeningQuestion": answer.question,
            "responseSummary": answer.summary,
            **present(questionOutcome=answer.outcome),
        }
        for answer in ending.answers
    ]


def _max_nudges_data(story: Conversation, exhaustion: Exhaustion) -> Data:
    return {
        **_ids(story),
        "conversationId": story.id,
        "campaignId": story.campaign.id,
        "campaignType": story.campaign.kind,
        "participantEmail": story.person.email,
        "nudgesSent": exhaustion.nudges_sent,
        "externalId": _external_id(story),
        "externalCampaignId": story.campaign.external_id,
    }


def _review_data(story: Conversation, review: Review) -> Data:
    ids_and_url = {**_ids(story), **_external_ids(story), "campaignConversationUrl": _url(story)}
    reason = present(isHumanTakeover=review.human_takeover, needsReviewReason=review.reason)
    if review.reason == "OUT_OF_OFFICE":
        reason["returnDate"] = review.return_day.isoformat() if review.return_day else None
    return {**ids_and_url, **reason}


def _friction_events(story: Conversation, friction: Friction) -> Iterator[EventPayload]:
    if friction.review_at:
        review = Review(friction.review_at, friction.kind)
        yield EventPayload("CONVERSATION_NEEDS_REVIEW", friction.review_at, _review_data(story, review))
    if friction.calendar_at:
        asked = _more_time_data(story) if friction.kind == "MORE_TIME_REQUESTED" else {}
        yield EventPayload(f"CALENDAR_{friction.kind}", friction.calendar_at, {**_ids(story), **asked})


def _more_time_data(story: Conversation) -> Data:
    return present(
        conversationId=story.id,
        externalConversationId=_external_id(story),
        externalCampaignId=story.campaign.external_id,
        campaignId=story.campaign.id,
        calendarMeetingTemplateId=f"template_{story.campaign.id}",
    )


def _document_data(story: Conversation) -> Data:
    return {"recordId": f"doc_{story.number}", "organizationId": story.organization.id}


def _legacy_data(story: Conversation) -> Data:
    return {
        **_ids(story),
        "conversationStatus": "ONGOING",
        "externalId": _external_id(story),
        "participantLastName": story.person.last_name,
        "participantFirsName": story.person.first_name,
        "externalCampaignId": story.campaign.external_id,
    }
