"""Writes the events of a conversation, each with the fields that the provider shows for it and no others."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Conversation, Ending, Exhaustion, Friction, Review
from pipelines.simulate.payloads.meetings import meeting_notices
from pipelines.simulate.payloads.payload import Data, EventPayload, present


def conversation_notices(story: Conversation) -> Iterator[EventPayload]:
    """Everything the provider tells about a conversation, its bookings included."""
    linked = {**_ids(story), "campaignConversationUrl": _url(story)}
    yield from _beginnings(story, linked)
    for ending in story.endings:
        yield EventPayload("CONVERSATION_COMPLETED", ending.at, _completed(story, ending))
    if story.opted_out_at:
        yield EventPayload("CONVERSATION_OPTED_OUT", story.opted_out_at, linked)
    for exhaustion in story.exhaustions:
        data = _exhausted(story, exhaustion)
        yield EventPayload("CONVERSATION_MAX_NUDGES_REACHED", exhaustion.at, data)
    for review in story.reviews:
        yield EventPayload("CONVERSATION_NEEDS_REVIEW", review.at, _review(story, review))
    for friction in story.frictions:
        yield from _friction(story, friction)
    if story.uploaded_at:
        yield EventPayload("DOCUMENT_UPLOADED", story.uploaded_at, _document(story))
    yield from meeting_notices(story.campaign, story.person, story.meetings, story.id, _external_id(story))


def legacy_notices(story: Conversation) -> Iterator[EventPayload]:
    """The same in the older shape: fewer fields, nulls instead of absences, and one name misspelt."""
    if story.started_at:
        yield EventPayload("CONVERSATION_STARTED", story.started_at, _legacy(story))
    for ending in story.endings:
        answers = [answer for answer in _answers(ending) if answer.get("questionOutcome") != "NOT_COMPLETED"]
        scored = {"scorecardTotalValue": ending.score, "screeningQuestionsOutcome": answers}
        data = {**_legacy(story), "conversationStatus": ending.status, **scored}
        yield EventPayload("CONVERSATION_COMPLETED", ending.at, data)


def _beginnings(story: Conversation, linked: Data) -> Iterator[EventPayload]:
    if story.told_queued_at:
        yield EventPayload("CONVERSATION_QUEUED", story.told_queued_at, linked)
    if story.failed_to_start_at:
        yield EventPayload("START_CONVERSATION_FAILED", story.failed_to_start_at, linked)
    if story.told_started_at:
        status = {"conversationStatus": "ONGOING"}
        yield EventPayload(
            "CONVERSATION_STARTED", story.told_started_at, {**_ids(story), **status, **_known(story)}
        )


def _ids(story: Conversation) -> Data:
    return {"recordId": story.id, "organizationId": story.organization.id}


def _url(story: Conversation) -> str:
    host, campaign = story.organization.host, story.campaign.id
    return f"https://{host}/campaign/outbound/{campaign}?conversationId={story.id}"


def _external_id(story: Conversation) -> str | None:
    """The customer's id for the conversation; customers without campaign ids of their own give none."""
    return f"ats-{story.number}" if story.campaign.external_id else None


def _external(story: Conversation) -> Data:
    return present(externalId=_external_id(story), externalCampaignId=story.campaign.external_id)


def _known(story: Conversation) -> Data:
    return {
        "candidateId": f"cand_{story.number}",
        **_external(story),
        "participantFirstName": story.person.first_name,
        "participantLastName": story.person.last_name,
        "campaignConversationUrl": _url(story),
    }


def _completed(story: Conversation, ending: Ending) -> Data:
    status = present(conversationStatus=ending.status)
    scored = {"scorecardTotalValue": ending.score, "screeningQuestionsOutcome": _answers(ending)}
    return {**_ids(story), **status, **scored, **_known(story)}


def _answers(ending: Ending) -> list[Data]:
    return [
        {
            "screeningQuestion": answer.question,
            "responseSummary": answer.summary,
            **present(questionOutcome=answer.outcome),
        }
        for answer in ending.answers
    ]


def _exhausted(story: Conversation, exhaustion: Exhaustion) -> Data:
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


def _review(story: Conversation, review: Review) -> Data:
    linked = {**_ids(story), **_external(story), "campaignConversationUrl": _url(story)}
    reason = present(isHumanTakeover=review.human_takeover, needsReviewReason=review.reason)
    if review.reason == "OUT_OF_OFFICE":
        reason["returnDate"] = review.return_day.isoformat() if review.return_day else None
    return {**linked, **reason}


def _friction(story: Conversation, friction: Friction) -> Iterator[EventPayload]:
    if friction.review_at:
        review = Review(friction.review_at, friction.kind)
        yield EventPayload("CONVERSATION_NEEDS_REVIEW", friction.review_at, _review(story, review))
    if friction.calendar_at:
        asked = _more_time(story) if friction.kind == "MORE_TIME_REQUESTED" else {}
        yield EventPayload(f"CALENDAR_{friction.kind}", friction.calendar_at, {**_ids(story), **asked})


def _more_time(story: Conversation) -> Data:
    return present(
        conversationId=story.id,
        externalConversationId=_external_id(story),
        externalCampaignId=story.campaign.external_id,
        campaignId=story.campaign.id,
        calendarMeetingTemplateId=f"template_{story.campaign.id}",
    )


def _document(story: Conversation) -> Data:
    return {"recordId": f"doc_{story.number}", "organizationId": story.organization.id}


def _legacy(story: Conversation) -> Data:
    return {
        **_ids(story),
        "conversationStatus": "ONGOING",
        "externalId": _external_id(story),
        "participantLastName": story.person.last_name,
        "participantFirsName": story.person.first_name,
        "externalCampaignId": story.campaign.external_id,
    }
