"""The traps as deliveries: name -> batches in the order of arrival. Times are hours after 2 March 2026."""

from dataclasses import replace

from tests.support.models.journeys import FAILED, PASSED, URL, flow, friction, meet, talk
from tests.support.models.small_lake import Delivery

REVIEW = "needs_review"
NUDGED = "max_nudges_reached"


def url(campaign: str) -> str:
    """The address of a conversation in a campaign."""
    return URL.format(campaign=campaign, conversation="c")


TRAPS: dict[str, list[list[Delivery]]] = {
    "T2": [
        [
            flow("run_started", 1, workflow_run_id="run"),
            flow("contact_resolution_skipped", 2, running_workflow_run_id="other-run"),
            flow("contact_resolution_failed", 3, contact_key="contact"),
            flow("run_completed", 4, workflow_run_id="run"),
        ]
    ],
    "two_ends": [
        [flow("run_failed", 6, workflow_run_id="run"), flow("run_completed", 5, workflow_run_id="run")],
        [flow("run_cancelled", 5, key="zzz", workflow_run_id="run")],
        [flow("node_completed", 30, workflow_run_id="open-run", node_id="n")],
    ],
    "T5": [
        [
            talk("started", "c", 1),
            friction("more_time_requested", "c", 2),
            talk(REVIEW, "c", 2.01, needs_review_reason="MORE_TIME_REQUESTED"),
            talk("started", "only-review", 1),
            talk(REVIEW, "only-review", 30, needs_review_reason="AVAILABILITY_NOT_FOUND"),
            talk("started", "silent", 1),
        ]
    ],
    "T10": [
        [talk("started", c, 1) for c in ("passed", "failed", "uninterested", "closed", "bare", "odd", "open")]
        + [
            talk("completed", "passed", 2, conversation_status=PASSED),
            talk("completed", "failed", 3, conversation_status=FAILED),
            talk("completed", "uninterested", 4, conversation_status="COMPLETED_CANDIDATE_NOT_INTERESTED"),
            talk("completed", "closed", 5, conversation_status="CLOSED"),
            talk("completed", "bare", 6, conversation_status="COMPLETED"),
            talk("completed", "odd", 7, conversation_status="NOBODY_HAS_SEEN_THIS"),
            talk("queued", "queued", 8),
            talk("start_failed", "unreachable", 9),
            talk("opted_out", "quitter", 10),
        ]
    ],
    "T11": [
        [talk("completed", "c", 5, conversation_status=PASSED)],
        [talk("completed", "c", 9, conversation_status="CLOSED"), talk("started", "c", 1)],
        [talk("completed", "c", 8, conversation_status=FAILED), talk("completed", "c", 10)],
    ],
    "T13_T14": [
        [
            replace(
                talk("completed", "c", 5, conversation_status=FAILED, scorecard_total_value=0.0),
                child=(
                    "screening_questions_outcome",
                    [
                        {"screening_question": "Nights?", "question_outcome": "FAILED"},
                        {"screening_question": "Start?", "question_outcome": "NOT_COMPLETED"},
                    ],
                ),
            ),
            talk("completed", "unscored", 5, conversation_status=PASSED),
        ],
        [
            replace(
                talk("completed", "c", 4, conversation_status=FAILED),
                child=(
                    "screening_questions_outcome",
                    [{"screening_question": "Nights?", "question_outcome": "PASSED"}],
                ),
            )
        ],
    ],
    "T15": [[replace(talk("completed", "c", None, participant_first_name_legacy="Deniz"), received=5)]],
    "T16": [[talk(REVIEW, "c", 1), talk(REVIEW, "c", 2, needs_review_reason="OTHER")]],
    "T18": [
        [
            talk("started", "c", 1),
            talk("completed", "c", 2, conversation_status=PASSED),
            talk(
                REVIEW,
                "c",
                50,
                needs_review_reason="CLOSED_CONVERSATION_REPLY",
                conversation_status="ONGOING",
            ),
        ]
    ],
    "T19": [
        [
            talk("started", "candidate", 1, campaign_conversation_url=url("screen")),
            talk(NUDGED, "candidate", 30, campaign_id="screen", campaign_type="SCHEDULING", nudges_sent=2),
            talk(NUDGED, "candidate", 60, campaign_id="screen", campaign_type="SCHEDULING", nudges_sent=3),
            talk("started", "quiet", 1, campaign_conversation_url=url("screen")),
            talk("started", "unknown", 1, campaign_conversation_url=url("untold")),
            talk("started", "interviewer", 1, campaign_conversation_url=url("ask")),
            talk("queued", "waiting", 1, campaign_conversation_url=url("ask")),
            talk("start_failed", "unreachable", 1),
        ],
        [talk(NUDGED, "another", 40, campaign_id="ask", campaign_type="AVAILABILITY_OUTREACH")],
    ],
    "T22": [
        [meet("rescheduled", "b", 5, start=100, conversation_id="c")],
        [meet("scheduled", "b", 2, start=50, conversation_id="c")],
        [meet("updated", "b", 6, conversation_id="c")],
    ],
    "link": [
        [meet("rescheduled", "new-id", 5, start=100, conversation_id="c")],
        [meet("scheduled", "b", 2, start=50, conversation_id="c"), talk("started", "c", 1)],
        [meet("scheduled", "alone", 2, start=50)],
    ],
    "T25": [
        [
            talk("started", "template", 1, campaign_conversation_url=url("{campaignId}")),
            talk("started", "encoded", 1, campaign_conversation_url=url("%7BcampaignId%7D")),
            talk("started", "real", 1, campaign_conversation_url=url("k-3")),
        ]
    ],
    "legacy": [
        [replace(talk("started", "c", None, key="legacy"), received=30)],
        [replace(talk("started", "c", None, key="legacy"), received=20)],
    ],
    "late_start": [
        [talk("completed", "c", 30, conversation_status=PASSED)],
        [talk("started", "c", 1)],
        [
            talk("completed", "never-started", 30, conversation_status=PASSED),
            talk("queued", "never-started", 2),
        ],
    ],
}
