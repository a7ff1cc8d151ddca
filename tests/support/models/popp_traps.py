"""Traps of Popp that lie in the documents as sent: name -> batches in the order of arrival.

Hours count from 2 March 2026; `T33_...` are two organizations behind one endpoint.
"""

from typing import Any

from tests.support.models.deliveries import orufy, popp, written
from tests.support.models.journeys import FAILED, PASSED
from tests.support.models.small_lake import Delivery

ASKED = 432.0  # when the marts are asked: 20 March


def address(host: str, campaign: str) -> str:
    """The address of a conversation as this host of the provider gives it."""
    return f"https://{host}/campaign/outbound/{campaign}?conversationId=c"


def analysis(candidate: str, at: float, job: str, met: bool | None, score: float | None) -> Delivery:
    """A CV analysed for a job, with one mandatory and one optional requirement; the optional one is met."""
    fields: dict[str, Any] = {
        "totalScoreScaled": score,
        "isAllMandatoryRequirementsMet": met,
        "analysisCandidateUrl": f"https://ai.joinpopp.com/ranks/{job}?candidateId={candidate}",
        "requirementOutcomes": [
            {"requirement": "Licence", "isMandatory": True, "isMet": met},
            {"requirement": "Spanish", "isMandatory": False, "isMet": True},
        ],
    }
    return popp("CANDIDATE_ANALYSIS_COMPLETED", candidate, at, **fields)


def meeting(event: str, booking: str, at: float, start: float, **data: Any) -> Delivery:
    """An event about a meeting at hour `start`."""
    details = {"startDateTime": written(start), "endDateTime": written(start + 0.5), "timezone": "UTC"}
    return popp(event, booking, at, meetingDetails=details, **data)


def takeover(at: float) -> Delivery:
    """A message that arrived while a person had taken over."""
    reason = "HUMAN_TAKEOVER"
    return popp("CONVERSATION_NEEDS_REVIEW", "c", at, needsReviewReason=reason, isHumanTakeover=True)


PASSING = [
    popp("CONVERSATION_STARTED", "c", 1),
    popp("CONVERSATION_COMPLETED", "c", 2, conversationStatus=PASSED),
]

POPP_TRAPS: dict[str, list[list[Delivery]]] = {
    "T1": [
        [
            meeting("CALENDAR_MEETING_SCHEDULED", "x", 1, 50),
            popp("CALENDAR_AVAILABILITY_NOT_FOUND", "x", 2),
            popp("CANDIDATE_ANALYSIS_COMPLETED", "x", 3),
            popp("WORKFLOW_RUN_STARTED", "x", 4, workflowId="w", timestamp=written(4)),
        ],
        [
            popp("WORKFLOW_CONTACT_RESOLUTION_FAILED", "x", 5, workflowId="w", timestamp=written(5)),
            popp("WORKFLOW_PUBLISHED", "x", 6, workflowId="w", timestamp=written(6)),
        ],
    ],
    "T3": [PASSING, PASSING],
    "T4": [
        [
            popp("CONVERSATION_STARTED", "c", 1, eventId="evt_abc123"),
            popp("CONVERSATION_COMPLETED", "c", 1, eventId="evt_abc123", conversationStatus=PASSED),
        ]
    ],
    "T6": [
        [popp("WORKFLOW_RUN_FAILED", "run", 80, workflowId="w", timestamp=written(10))],
        [popp("WORKFLOW_RUN_STARTED", "run", 90, workflowId="w", timestamp=written(1))],
    ],
    "T9": [
        [popp("CONVERSATION_OPTED_OUT", "c", 30)],
        [popp("CONVERSATION_STARTED", "c", 1, candidateId="p-1")],
    ],
    "T12": [
        [popp("CONVERSATION_STARTED", "old", 1), popp("CONVERSATION_STARTED", "young", ASKED - 47)],
    ],
    "T17": [
        [popp("CONVERSATION_STARTED", "c", 1), *(takeover(at) for at in (2, 3, 4))],
        [popp("CONVERSATION_NEEDS_REVIEW", "d", 2, needsReviewReason="ASKED_FOR_HUMAN")],
    ],
    "T20": [
        [
            popp(f"WORKFLOW_RUN_{state}", run, at, workflowId="archived", timestamp=written(at))
            for run, state, at in (
                ("stopped", "STARTED", 1),
                ("goes-on", "STARTED", 1),
                ("stopped", "CANCELLED", 5),
                ("goes-on", "COMPLETED", 9),
            )
        ]
    ],
    "T21": [
        [
            popp("CALENDAR_AVAILABILITY_NOT_FOUND", "no-slot", 2),
            popp("CALENDAR_MORE_TIME_REQUESTED", "later", 3, conversationId="later"),
        ]
    ],
    "T24": [
        [analysis("p-1", 1, "job-1", True, 80.5), analysis("p-1", 30, "job-1", False, 0)],
        [analysis("p-1", 2, "job-2", None, None), analysis("p-2", 3, "job-1", True, 100)],
    ],
    "T26": [
        [popp("START_CONVERSATION_FAILED", "c", 1), popp("CONVERSATION_STARTED", "d", 1)],
        [popp("CONVERSATION_QUEUED", "e", 1)],
    ],
    "T27": [
        [
            popp("DOCUMENT_UPLOADED", "doc", 1),
            popp("CONVERSATION_MAX_NUDGES_REACHED", "c", 2, campaignType="SCHEDULING", nudgesSent=3),
            popp("CALENDAR_MORE_TIME_REQUESTED", "d", 3, conversationId="d"),
            meeting("CALENDAR_MEETING_UPDATED", "b", 4, 50),
        ]
    ],
    "T28": [
        [meeting("CALENDAR_MEETING_SCHEDULED", "b", 1, 50, conversationId="c")],
        [
            meeting("CALENDAR_MEETING_UPDATED", "b", 5, 60, conversationId="c"),
            meeting("CALENDAR_MEETING_RESCHEDULED", "b", 5, 60, conversationId="c"),
            meeting("CALENDAR_MEETING_UPDATED", "b", 9, 60, conversationId="c"),
        ],
    ],
    "T29": [[orufy("BOOK", "m-1", 1), orufy("CANCEL", "m-1", 2, status="Canceled")]],
    "T30": [
        [
            popp("CONVERSATION_STARTED", host, 1, campaignConversationUrl=address(host, "k-1"))
            for host in ("ai.joinpopp.com", "app.joinpopp.com", "api.popp.ai")
        ]
    ],
    "T33_one": [PASSING],
    "T33_two": [[PASSING[0], popp("CONVERSATION_COMPLETED", "c", 2, conversationStatus=FAILED)]],
}
