"""First events that never come: what is known all the same, and from which day on."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.simulate.journeys.model import (
    BookingChange,
    Conversation,
    Ending,
    Exhaustion,
    Friction,
    LooseBooking,
    Person,
    SimulatedMeeting,
)
from pipelines.simulate.journeys.workflow_model import Node, Run
from pipelines.simulate.simulation import Simulation
from pipelines.simulate.world.tenants import CAMPAIGNS, WORKFLOWS
from tests.support.hand_made_journeys import later
from tests.support.simulated_deliveries import documents
from tests.support.truth_sums import by_mart, counted

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANA = Person("Ana", "Sousa", None)
TOLD_AFTERWARDS = [
    ("CONVERSATION_STARTED", ("CONVERSATION_COMPLETED",)),
    ("CONVERSATION_QUEUED", ("CONVERSATION_STARTED",)),
    ("CALENDAR_MEETING_SCHEDULED", ("CALENDAR_MEETING_RESCHEDULED", "CALENDAR_NOTE_TAKER_COMPLETED")),
    ("WORKFLOW_RUN_STARTED", ("WORKFLOW_NODE_COMPLETED",)),
]


@pytest.mark.parametrize(("first", "others"), TOLD_AFTERWARDS)
def test_some_first_events_never_come(simulation: Simulation, first: str, others: tuple[str, ...]) -> None:
    followed = set.union(*(entities(simulation, name) for name in others))
    assert len(followed - entities(simulation, first)) >= 5


def entities(simulation: Simulation, name: str) -> set[tuple[str, str]]:
    told = [document["data"] for document in documents(simulation) if document["event"] == name]
    return {(data["organizationId"], data["recordId"]) for data in told}


MOVES = (
    BookingChange(MONDAY, "SCHEDULED", later(90), 30),
    BookingChange(later(24), "RESCHEDULED", later(99), 30),
)
# The days are those of March 2026.
UNKNOWN: list[tuple[str, Any, dict[str, int]]] = [
    (
        "a start that never came is known by the earliest of what followed",
        Conversation(
            "1", CAMPAIGNS[0], ANA, started_at=MONDAY, start_delivered=False,
            endings=(Ending(later(48), "COMPLETED_SCREENING_PASSED"),),
        ),
        {"screening_pass_rate_cohort": 4, "nudge_exhaustion_cohort": 4, "scheduling_success_cohort": 4,
         "screening_pass_rate_activity": 4, "nudge_exhaustion_activity": 4},
    ),
    (
        "having been queued tells an earlier day",
        Conversation(
            "1", CAMPAIGNS[0], ANA, queued_at=MONDAY, started_at=later(24), start_delivered=False,
            opted_out_at=later(48),
        ),
        {"screening_pass_rate_cohort": 2, "nudge_exhaustion_cohort": 2, "scheduling_success_cohort": 2,
         "screening_pass_rate_activity": 4, "nudge_exhaustion_activity": 4},
    ),
    (
        "a queue that never came changes nothing of what started",
        Conversation("1", CAMPAIGNS[0], ANA, queued_at=MONDAY, queue_delivered=False, started_at=later(24)),
        {"screening_pass_rate_cohort": 3, "nudge_exhaustion_cohort": 3, "scheduling_success_cohort": 3},
    ),
    (
        "what nothing followed is not known",
        Conversation("1", CAMPAIGNS[0], ANA, started_at=MONDAY, start_delivered=False, uploaded_at=later(1)),
        {},
    ),
    (
        "a booking is known by its second move",
        LooseBooking("1", CAMPAIGNS[2], ANA, SimulatedMeeting("booking_1", MOVES, first_delivered=False)),
        {"scheduling_success_cohort": 3, "scheduling_success_activity": 3},
    ),
    (
        "a booking that only began is not known",
        LooseBooking("1", CAMPAIGNS[2], ANA, SimulatedMeeting("booking_1", MOVES[:1], first_delivered=False)),
        {},
    ),
    (
        "a run is known by its first node",
        Run(
            "1", WORKFLOWS[0], 0, resolved_at=None, started_at=MONDAY, start_delivered=False,
            nodes=(Node(later(24), "n", "condition", "onComplete"),), endings=(),
        ),
        {"workflow_failures_cohort": 3},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("journey", "days"), [pytest.param(*case[1:], id=case[0]) for case in UNKNOWN])
def test_by_hand(journey: Any, days: dict[str, int]) -> None:
    assert {mart: int(day[-2:]) for mart, _, day in counted([journey])} == days


def test_a_queued_conversation_whose_start_never_came_waits_until_something_proves_it() -> None:
    queued: dict[str, Any] = {"queued_at": MONDAY, "started_at": later(1), "start_delivered": False}
    booked = SimulatedMeeting("booking_2", (BookingChange(later(2), "SCHEDULED", later(9), 30),))
    waits = Conversation("1", CAMPAIGNS[0], ANA, **queued)
    talks = Conversation("2", CAMPAIGNS[0], ANA, **queued, meetings=(booked,))
    rows = by_mart([waits, talks])
    assert rows["screening_pass_rate_cohort"] == Counter({"open": 1, "not_started": 1})
    assert rows["nudge_exhaustion_cohort"] == Counter({"miss": 1, "not_started": 1})


def test_an_interviewer_is_known_only_where_something_told_names_the_campaign() -> None:
    """A missing slot names none, and the start that would have never came."""
    interviewers = CAMPAIGNS[3]
    tells_kind = Conversation(
        "1", interviewers, ANA, started_at=MONDAY, exhaustions=(Exhaustion(later(48), 3),)
    )
    nameless = Conversation(
        "2", interviewers, ANA, started_at=MONDAY, start_delivered=False,
        frictions=(Friction("AVAILABILITY_NOT_FOUND", later(1), None),),
    )  # fmt: skip
    named = Conversation(
        "3", interviewers, ANA, started_at=MONDAY, start_delivered=False,
        frictions=(Friction("AVAILABILITY_NOT_FOUND", later(1), later(1.1)),),
    )  # fmt: skip
    rows = by_mart([tells_kind, nameless, named])
    assert rows["nudge_exhaustion_cohort"] == Counter({"interviewer": 2, "miss": 1})
