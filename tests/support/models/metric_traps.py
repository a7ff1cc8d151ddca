"""What the metrics must not stumble over, next to the providers' traps: name -> batches as they arrive.

Hours count from 2 March 2026; the marts are asked on 20 March, at hour 432.
"""

from collections.abc import Sequence
from dataclasses import replace

from tests.support.models.deliveries import orufy, paid
from tests.support.models.journeys import FAILED, PASSED, flow, meet, talk
from tests.support.models.small_lake import Delivery

REVIEW = "needs_review"
NUDGED = "max_nudges_reached"
SCORES = (0.0, 19.9, 20.0, 79.99, 80.0, 100.0, None, 130.0, -1.0)


def answered(conversation: str, at: float, answers: Sequence[tuple[str, str | None]]) -> Delivery:
    """A decided conversation with the outcomes of its questions."""
    rows = [{"screening_question": question, "question_outcome": outcome} for question, outcome in answers]
    completed = talk("completed", conversation, at, conversation_status=PASSED)
    return replace(completed, child=("screening_questions_outcome", rows))


def ran(
    run: str, start: float | None, end: float | None, workflow: str, kind: str = "completed"
) -> list[Delivery]:
    """A run from its start to its end, each where told."""
    told = {"workflow_run_id": run, "workflow_id": workflow}
    started = [flow("run_started", start, f"{run}:start", **told)] if start is not None else []
    return started + ([flow(f"run_{kind}", end, f"{run}:end", **told)] if end is not None else [])


def node(run: str, at: float, name: str | None, outcome: str | None, key: str = "") -> Delivery:
    """A completed step of a run."""
    return flow(
        "node_completed",
        at,
        key or f"{run}:{name}:{at}",
        workflow_run_id=run,
        workflow_id="w",
        node_id=name,
        outcome=outcome,
    )


def contact(kind: str, at: float, key: str, workflow: str = "w", **told: str) -> Delivery:
    """A resolution of a contact: `resolved`, `resolution_failed` or `resolution_skipped`."""
    return flow(f"contact_{kind}", at, key, workflow_id=workflow, **told)


METRIC_TRAPS: dict[str, list[list[Delivery]]] = {
    "opted_out": [
        [talk("started", c, 1) for c in ("quits", "open", "passed", "passed-then-quits")]
        + [
            talk("opted_out", "quits", 30),
            talk("completed", "passed", 30, conversation_status=PASSED),
            talk("completed", "passed-then-quits", 30, conversation_status=PASSED),
            talk("opted_out", "passed-then-quits", 60),
            talk("start_failed", "unreachable", 5),
            talk("queued", "waiting", 5),
        ]
    ],
    "recovered": [
        [talk(NUDGED, c, 30) for c in ("decided", "booked", "lost", "was-decided", "was-booked")]
        + [
            talk("completed", "decided", 60, conversation_status=FAILED),
            meet("scheduled", "b-1", 90, start=200, conversation_id="booked"),
            talk("completed", "was-decided", 20, conversation_status=PASSED),
            meet("scheduled", "b-2", 20, start=200, conversation_id="was-booked"),
            meet("rescheduled", "b-2", 40, start=210, conversation_id="was-booked"),
            talk(NUDGED, "interviewer", 30, campaign_type="AVAILABILITY_OUTREACH"),
            meet("scheduled", "b-3", 90, start=200, conversation_id="interviewer"),
        ],
        [talk(NUDGED, "decided", 80)],
    ],
    "stuck": [
        [d for n in range(20) for d in ran(f"often-{n}", 1 + n, 2 + n, "often")]
        + [d for n in range(19) for d in ran(f"edge-{n}", 1 + n, 2 + n, "edge")]
        + ran("backwards", 9, 8, "edge")
        + ran("unstarted", None, 8, "edge"),
        [
            *ran("often-stuck", 430, None, "often"),
            *ran("often-fresh", 431.5, None, "often"),
            *ran("edge-slow", 432 - 6 * 24, None, "edge"),
            *ran("edge-stuck", 432 - 8 * 24, None, "edge"),
            flow("node_completed", 1, workflow_run_id="nobody-knows-since-when", workflow_id="often"),
        ],
    ],
    "failing": [
        [
            *ran("unnamed", 1, 5, "w", "failed"),
            *(
                node("unnamed", 2, "n-1", "ok"),
                node("unnamed", 4, None, "odd"),
                node("unnamed", 6, "n-3", "ok"),
            ),
            *ran("at-once", 1, 5, "w", "failed"),
            *(node("at-once", 5, "n-1", None, "zzz"), node("at-once", 3, "n-0", "ok")),
            *ran("nothing-done", 1, 5, "w", "failed"),
            *ran("fine", 1, 5, "w"),
            *(node("fine", 2, "n-1", "ok"), node("fine", 3, "n-1", "ok", "again")),
        ]
    ],
    "contacts": [
        [
            contact("resolved", 1, "r-1", workflow_run_id="run-1"),
            contact("resolved", 30, "r-2", workflow_run_id="run-1"),
            contact("resolution_failed", 30, "f-2", contact_key="k"),
            contact("resolution_failed", 2, "f-1", contact_key="k"),
            contact("resolution_skipped", 3, "s-1", running_workflow_run_id="run-1"),
            contact("resolution_skipped", 4, "s-2", running_workflow_run_id="run-1"),
            contact("resolution_skipped", 30, "s-3", "other", running_workflow_run_id="run-1"),
        ]
    ],
    "reviews": [
        [
            talk(REVIEW, "c", 1),
            talk(REVIEW, "c", 2, needs_review_reason="OTHER"),
            talk(REVIEW, "c", 2, "at the same time", needs_review_reason="OTHER"),
            talk("completed", "c", 4, conversation_status=PASSED),
            talk(REVIEW, "d", 3, needs_review_reason="OTHER"),
        ],
        [
            talk(REVIEW, "e", 3, needs_review_reason="OTHER"),
            meet("scheduled", "b", 13, 50, conversation_id="e"),
        ],
    ],
    "questions": [
        [
            answered("c", 1, [("Nights?", "PASSED"), ("Start?", "NOT_COMPLETED")]),
            answered("d", 2, [("Nights?", "FAILED"), ("Nights?", None), ("Nights?", "PERHAPS")]),
            answered("e", 3, [("Nights?", "FAILED")]),
        ],
        [answered("e", 4, [("Nights?", "PASSED")])],
    ],
    "scores": [
        [
            talk("completed", f"c-{n}", 1, conversation_status=PASSED, scorecard_total_value=score)
            for n, score in enumerate(SCORES)
        ]
        + [
            talk("completed", "failed", 30, conversation_status=FAILED, scorecard_total_value=50.0),
            talk("completed", "undecided", 30, conversation_status="CLOSED", scorecard_total_value=50.0),
        ]
    ],
    "payments": [
        [paid("DONE", 1), paid("DONE", 2, "pay-2", amount=10), paid("DONE", 3, "pay-3", currencyCode="EUR")],
        [
            paid("DONE", 4, "pay-4", currencyCode=None),
            paid("PENDING", 5, "pay-5", amount="a lot"),
            paid("PENDING", 6, "pay-6", amount="NaN"),
            paid("FAILED", 30, "pay-3", currencyCode="EUR"),
        ],
    ],
    "implied": [
        [
            talk("completed", "c", 1, conversation_status=PASSED),
            meet("rescheduled", "b", 30, start=100),
            meet("scheduled", "told", 30, start=100),
            flow("run_completed", 60, workflow_run_id="run"),
        ],
        [orufy("CANCEL", "m-1", 60, status="CANCELLED"), orufy("BOOK", "m-2", 60)],
    ],
}
