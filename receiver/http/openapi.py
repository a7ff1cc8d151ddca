"""OpenAPI description of the webhook route, which FastAPI cannot derive from a raw ASGI endpoint."""

from typing import Any

from receiver.rejections import (
    METHOD_NOT_ALLOWED,
    NOT_AUTHENTIC,
    NOT_CONFIRMED,
    REFUSALS,
    TOO_LARGE,
    TOO_SLOW,
    UNKNOWN_SOURCE,
    HttpRejection,
)
from receiver.settings import CoreSettings

PATH = "/webhooks/{source}"

DESCRIPTION = (
    "Takes signed webhooks and answers 200 only after Kafka confirmed them or, while it does not, after they "
    "are on this machine's disk. What is signed is kept, whatever it holds: an unknown event or broken JSON "
    "is a 200 too."
)

SIGNATURES = (
    "The signature is checked over the raw body before anything is parsed. Popp: header `x-signature`, "
    "HMAC-SHA256 with the signing secret; that much is documented, and that it is over the raw bytes in "
    "lower-case hex is a guess, to be changed with `HIRESTREAM_SOURCES__<NAME>__SCHEME`. Orufy documents "
    "no scheme, so its sources must name one. Standard Webhooks: the three `webhook-*` headers, v1 and v1a."
)

EXAMPLES: dict[str, Any] = {
    "popp_screening_decided": {
        "summary": "Popp: a screening conversation ended",
        "value": {
            "event": "CONVERSATION_COMPLETED",
            "eventId": "0b6f4c1e-58d2-4f0a-9f3e-2a1f0c7d9e01",
            "eventTimestamp": "2026-03-02T09:15:00.000Z",
            "data": {
                "recordId": "conv-5501",
                "organizationId": "org-northwind",
                "conversationStatus": "COMPLETED_SCREENING_PASSED",
                "candidateId": "cand-8841",
                "externalId": "ats-conv-17",
                "externalCampaignId": "job-204",
                "participantFirstName": "Ana",
                "participantLastName": "Example",
                "campaignConversationUrl": (
                    "https://ai.joinpopp.com/campaign/outbound/camp-31?conversationId=conv-5501"
                ),
                "scorecardTotalValue": 82,
                "screeningQuestionsOutcome": [
                    {
                        "screeningQuestion": "Can you work night shifts?",
                        "responseSummary": "Yes, three nights a week",
                        "questionOutcome": "PASSED",
                    }
                ],
            },
        },
    },
    "popp_meeting_scheduled": {
        "summary": "Popp: an interview was booked",
        "value": {
            "event": "CALENDAR_MEETING_SCHEDULED",
            "eventId": "7d4a2b90-1c3e-4d5f-8a6b-9c0d1e2f3a02",
            "eventTimestamp": "2026-03-02T10:02:11.000Z",
            "data": {
                "recordId": "booking-9007",
                "organizationId": "org-northwind",
                "conversationId": "conv-5501",
                "externalConversationId": "ats-conv-17",
                "externalCampaignId": "job-204",
                "meetingDetails": {
                    "title": "Interview: warehouse lead",
                    "startDateTime": "2026-03-05T14:00:00.000Z",
                    "endDateTime": "2026-03-05T14:30:00.000Z",
                    "timezone": "Europe/Lisbon",
                    "videoConference": True,
                    "meetingUrl": "https://meet.example.test/9007",
                    "participants": [{"email": "ana@example.test", "name": "Ana Example"}],
                },
            },
        },
    },
    "orufy_meeting_booked": {
        "summary": "Orufy: a meeting was booked",
        "value": {
            "eventType": "BOOK",
            "meetData": {
                "_id": "meet-120",
                "appId": "app-6",
                "eventId": "intro-call",
                "time": "2026-04-02T10:00:00.000Z",
                "duration": 30,
                "status": "ACTIVE",
                "type": "SOLO",
            },
            "eventName": "Intro call",
            "eventSlug": "intro-call",
        },
    },
}

ACCEPTED = {
    "description": "It is durable: the broker confirmed it, or it is in the spool",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["delivery_id"],
                "properties": {"delivery_id": {"type": "string", "format": "uuid"}},
            },
            "example": {"delivery_id": "019a9c1f-2f6a-7c3b-9d0e-5b1c2d3e4f50"},
        }
    },
}

ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "enum": [refusal.code for refusal in REFUSALS]},
                "message": {"type": "string"},
            },
        }
    },
}

ANSWERS = (
    NOT_AUTHENTIC,
    UNKNOWN_SOURCE,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    TOO_LARGE,
    NOT_CONFIRMED,
)


def with_webhooks(document: dict[str, Any], settings: CoreSettings) -> dict[str, Any]:
    """Return the OpenAPI `document` with the webhook route; sources are the values of its path parameter."""
    return document | {"paths": {PATH: {"post": _operation(settings)}} | document["paths"]}


def _operation(settings: CoreSettings) -> dict[str, Any]:
    source_schema = {"type": "string", "enum": sorted(settings.sources)}
    return {
        "summary": "One webhook of one source",
        "description": SIGNATURES,
        "operationId": "deliver",
        "parameters": [{"name": "source", "in": "path", "required": True, "schema": source_schema}],
        "requestBody": {
            "required": True,
            "description": f"At most {settings.receiver.max_body_bytes} bytes, kept exactly as they are",
            "content": {"application/json": {"schema": {}, "examples": EXAMPLES}},
        },
        "responses": {"200": ACCEPTED} | {str(refusal.status): _response(refusal) for refusal in ANSWERS},
    }


def _response(refusal: HttpRejection) -> dict[str, Any]:
    retry_header = {"schema": {"type": "integer"}, "description": "seconds"}
    response: dict[str, Any] = {
        "description": refusal.message,
        "content": {"application/json": {"schema": ERROR_SCHEMA, "example": refusal.document()}},
    }
    return response | ({"headers": {"Retry-After": retry_header}} if refusal.retryable else {})
