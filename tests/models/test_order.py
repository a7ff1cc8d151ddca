"""Any permutation, repetition or split of the same deliveries gives the same rows, and so does a rebuild.

Every example gives the same journeys to several organizations, each in an order and a split of its own; then
the organizations must not differ.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.models.deliveries import paid
from tests.support.models.journeys import FAILED, PASSED, URL, flow, friction, meet, talk
from tests.support.models.small_lake import Delivery, SmallLake

ENTITIES = (
    "conversations", "campaigns", "bookings", "nudge_sequences", "reviews", "screening_answers",
    "candidate_analyses", "workflow_runs", "workflow_nodes", "contacts", "payments",
)  # fmt: skip
SCREEN = URL.format(campaign="screen", conversation="c")
ANSWERS = ("screening_questions_outcome", [{"screening_question": "Nights?", "question_outcome": "PASSED"}])
CV = Delivery("candidate_analysis_completed", "cv", 3, {"candidate_id": "p", "external_analysis_id": "a"})
LEGACY = talk("started", "old", None, key="legacy")

DELIVERIES: tuple[Delivery, ...] = (
    talk("queued", "c", 0.5, campaign_conversation_url=SCREEN),
    talk("started", "c", 1, campaign_conversation_url=SCREEN),
    replace(talk("completed", "c", 30, conversation_status=FAILED, scorecard_total_value=0.0), child=ANSWERS),
    replace(talk("completed", "c", 40, "a", conversation_status=PASSED), child=ANSWERS),
    talk("completed", "c", 40, "b", conversation_status=FAILED),
    talk("completed", "c", 50, conversation_status="CLOSED"),
    friction("more_time_requested", "c", 2),
    talk("needs_review", "c", 2, needs_review_reason="MORE_TIME_REQUESTED"),
    talk("max_nudges_reached", "c", 60, campaign_id="screen", campaign_type="SCHEDULING", nudges_sent=2),
    talk("max_nudges_reached", "d", 60, campaign_id="screen", campaign_type="AVAILABILITY_OUTREACH"),
    meet("scheduled", "b", 5, start=90, conversation_id="c"),
    meet("rescheduled", "unseen", 6, start=100, conversation_id="c"),
    meet("cancelled", "unseen", 7, start=100),
    meet("note_taker", "alone", 80),
    flow("node_completed", 2, workflow_run_id="run", node_id="n"),
    flow("run_failed", 3, "fail", workflow_run_id="run", workflow_id="w"),
    flow("run_completed", 3, "complete", workflow_run_id="run"),
    flow("contact_resolution_skipped", 4, running_workflow_run_id="run"),
    CV,
    replace(CV, key="cv again", at=4),
    *(replace(LEGACY, received=received) for received in (9, 30, 3)),
    paid("PENDING", 5),
    paid("DONE", 6),
)

Plan = tuple[list[Delivery], tuple[int, int]]
ORDERS = st.permutations([*DELIVERIES, DELIVERIES[1], DELIVERIES[3], DELIVERIES[11]])
CUTS = st.tuples(st.integers(0, len(DELIVERIES)), st.integers(0, len(DELIVERIES))).map(
    lambda cuts: (min(cuts), max(cuts))
)
PLANS = st.lists(st.tuples(ORDERS, CUTS), min_size=4, max_size=4)


def batches(plan: Plan) -> list[Sequence[Delivery]]:
    order, (first, second) = plan
    return [order[:first], order[first:second], order[second:]]


def told(lake: SmallLake, organization: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row about an organization, without what tells organizations and batches apart."""
    found = {}
    for table in [*(f"entities.{name}" for name in ENTITIES), "marts.members", "marts.funnel"]:
        names = {row["column_name"] for row in lake.rows(f"DESCRIBE wh.{table}")}
        hidden = ", ".join(names & {"organization_id", "last_batch_id"})
        own = sorted(names & {"event_key", "entity_id"})
        keys = ", ".join(f"replace({name}, organization_id, '') AS {name}" for name in own)
        shown = f"* EXCLUDE ({hidden})" + (f" REPLACE ({keys})" if keys else "")
        rows = lake.con.execute(
            f"SELECT {shown} FROM wh.{table} WHERE organization_id = '{organization}'"
        ).fetchall()
        found[table] = sorted(rows, key=repr)
    return found


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(plans=PLANS)
def test_order_repetition_and_batches_change_nothing(traps: SmallLake, plans: list[Plan]) -> None:
    (begun,) = traps.con.execute("SELECT count(*) FROM wh.ledger.deliveries").fetchone() or (0,)
    names = [f"org-{begun}-{number}" for number in range(len(plans))]
    for place in range(3):
        arrived = [d.of(name) for name, plan in zip(names, plans, strict=True) for d in batches(plan)[place]]
        traps.build(traps.load(arrived) if arrived else set())
    first, *others = [told(traps, name) for name in names]
    assert all(first.values())
    for other in others:
        assert other == first


def test_an_incremental_build_equals_a_full_refresh(traps: SmallLake) -> None:
    def everything() -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: sorted(traps.con.execute(f"FROM wh.entities.{name}").fetchall(), key=repr)
            for name in ENTITIES
        }

    traps.build()
    kept = everything()
    assert all(kept.values())
    traps.build(full_refresh=True)
    assert everything() == kept
