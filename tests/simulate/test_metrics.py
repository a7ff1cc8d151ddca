"""Every other metric of the truth, counted by hand from a few stories."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.simulate.journeys.model import (
    Analysis,
    BookingChange,
    Change,
    Ending,
    Exhaustion,
    Friction,
    LooseBooking,
    Review,
    ScreeningAnswer,
    SimulatedMeeting,
    Verdict,
)
from pipelines.simulate.journeys.orufy_model import Appointment, Guest, OrufyBooking, Shape, SimulatedPayment
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.journeys.workflow_model import Node, Run, RunEnding, UnresolvedContact
from pipelines.simulate.truth.cells import truth_of
from pipelines.simulate.world.tenants import ATLAS, CAMPAIGNS, ORUFY_ACCOUNTS, WORKFLOWS
from tests.support.hand_made_journeys import (
    ANA,
    BARE,
    FAILED,
    INTERVIEWERS,
    MONDAY,
    PASSED,
    TWICE,
    later,
    run,
    talk,
)
from tests.support.truth_sums import ASKED, metric

HALF = {"population": 1, "denominator": 1}
ONE = {**HALF, "numerator": 1}
OPEN = {"population": 1, "open": 1}


def meeting(*moves: tuple[float, Change, float], number: int = 1) -> SimulatedMeeting:
    """Moves as hours after Monday: when, what, and when the meeting starts."""
    told = tuple(BookingChange(later(at), change, later(start), 60) for at, change, start in moves)
    return SimulatedMeeting(f"booking_{number}", told)


def booked(*meetings: SimulatedMeeting, **what: Any) -> Journey:
    return talk(meetings=meetings, **what)


def at_orufy(**what: Any) -> OrufyBooking:
    """A meeting on Thursday that was told on Friday."""
    shape = Shape(frozenset(), (), False, True, "NO_SHOW", False, True, False)
    plain = OrufyBooking(
        "1", ORUFY_ACCOUNTS[0], ORUFY_ACCOUNTS[0].bookable[0], later(96), "SOLO", 60, (Guest("at-1", ANA),),
        (Appointment("m-1", later(72)),), "STANDS", shape,
    )  # fmt: skip
    return replace(plain, **what)


KEPT = meeting((24, "SCHEDULED", 72))
LOST = meeting((24, "SCHEDULED", 120), (48, "CANCELLED", 120))
LOST_LATE = meeting((24, "SCHEDULED", 120), (97, "CANCELLED", 120))
MISSED = meeting((24, "SCHEDULED", 72), (73, "CANCELLED", 72))
AGAIN = meeting((72, "SCHEDULED", 168), number=2)
MOVED = meeting((24, "SCHEDULED", 72), (48, "RESCHEDULED", 120))
NO_TIME = Friction("AVAILABILITY_NOT_FOUND", later(48), None)
COMING = meeting((24, "SCHEDULED", 24 * 40))

# The days are those of March 2026 (Monday is the 2nd): by the beginning, by the outcome.
RATES: list[tuple[str, str, Journey, dict[int, dict[str, int]], dict[int, dict[str, int]]]] = [
    ("net", "kept", booked(KEPT), {2: ONE}, {5: ONE}),
    ("net", "cancelled in time", booked(LOST), {2: HALF}, {4: HALF}),
    ("net", "cancelled and booked again", booked(LOST, AGAIN), {2: ONE}, {9: ONE}),
    ("net", "cancelled after its start", booked(MISSED), {2: ONE}, {5: ONE}),
    ("net", "still to come", booked(COMING), {2: OPEN}, {}),
    ("net", "no time suited", talk(frictions=(NO_TIME,)), {2: HALF}, {4: HALF}),
    ("net", "at Orufy", at_orufy(), {6: {"population": 1, "excluded_no_failure_signal": 1}}, {}),
    ("screening_to", "booked in time", booked(KEPT, endings=(Ending(later(1), PASSED),)), {2: ONE}, {2: ONE}),
    ("screening_to", "booked too late", booked(meeting((24 * 9, "SCHEDULED", 24 * 12)),
     endings=(Ending(later(1), PASSED),)), {2: HALF}, {2: HALF}),
    ("screening_to", "failed", booked(KEPT, endings=(Ending(later(1), FAILED),)), {}, {}),
    ("screening_to", "young", talk(endings=(Ending(later(24 * 25), PASSED),)), {2: OPEN}, {}),
    ("friction", "once", talk(frictions=(NO_TIME,)), {2: ONE}, {4: ONE}),
    ("friction", "none, but booked", booked(KEPT), {2: HALF}, {3: HALF}),
    ("after_friction", "then booked", booked(AGAIN, frictions=(NO_TIME,)), {2: ONE}, {5: ONE}),
    ("after_friction", "booked before", booked(KEPT, frictions=(NO_TIME,)), {2: HALF}, {4: HALF}),
    ("reschedule", "moved", booked(MOVED), {3: ONE}, {4: ONE}),
    ("reschedule", "changed only", booked(meeting((24, "SCHEDULED", 72), (30, "UPDATED", 72))), {3: HALF},
     {5: HALF}),
    ("reschedule", "still to come", booked(COMING), {3: HALF}, {}),
    ("late_cancellation", "early", booked(LOST), {3: HALF}, {4: HALF}),
    ("late_cancellation", "within a day", booked(LOST_LATE), {3: ONE}, {6: ONE}),
    ("late_cancellation", "after the start", booked(MISSED), {3: ONE}, {5: ONE}),
    ("cancellation", "early", booked(LOST), {3: ONE}, {4: ONE}),
    ("cancellation", "booked again", booked(LOST, AGAIN), {3: HALF, 5: HALF}, {7: HALF, 9: HALF}),
    ("no_show", "at Popp", booked(KEPT), {3: {"population": 1, "excluded_not_reported": 1}}, {}),
    ("no_show", "absent", at_orufy(ending="NO_SHOW"), {6: ONE}, {5: ONE}),
    ("no_show", "there", at_orufy(), {6: HALF}, {5: HALF}),
    ("no_show", "cancelled", at_orufy(ending="CANCELLED"), {6: {"population": 1, "excluded_cancelled": 1}},
     {6: {"population": 1, "excluded_cancelled": 1}}),
    ("no_show", "to come", at_orufy(appointments=(Appointment("m-1", later(24 * 40)),)), {6: OPEN}, {}),
    ("completion", "bare", talk(endings=(Ending(later(24), BARE),)),
     {2: {**HALF, "denominator_completed_undecided": 1}}, {}),
    ("completion", "stale", talk(), {2: {**HALF, "denominator_presumed_timed_out": 1}}, {}),
    ("cohort_pass", "failed", talk(endings=(Ending(later(24), FAILED),)),
     {2: {**HALF, "denominator_failed": 1}}, {}),
    ("opt_out", "asked to stop", talk(opted_out_at=later(24)), {2: ONE}, {3: ONE}),
    ("human_takeover", "twice", talk(reviews=(Review(later(1), "HUMAN_TAKEOVER", True),) * 2), {2: ONE}, {}),
    ("failed_to_start", "failed", replace(talk(), started_at=None, failed_to_start_at=MONDAY), {2: ONE}, {}),
    ("failed_to_start", "waiting", replace(talk(), started_at=None, queued_at=MONDAY), {2: OPEN}, {}),
    ("interviewer_exhaustion", "an interviewer", talk(campaign=INTERVIEWERS, exhaustions=TWICE), {2: ONE},
     {4: ONE}),
    ("recovered", "booked afterwards", booked(AGAIN, exhaustions=TWICE), {2: ONE}, {5: ONE}),
    ("recovered", "booked before", booked(KEPT, exhaustions=TWICE), {2: HALF}, {4: HALF}),
]  # fmt: skip
NAMES = {
    "net": "net_scheduling_success_rate",
    "screening_to": "screening_to_scheduled_rate",
    "after_friction": "success_after_friction_rate",
}


@pytest.mark.parametrize(
    ("name", "journey", "cohort", "activity"),
    [pytest.param(name, *rest, id=f"{name} {case}") for name, case, *rest in RATES],
)
def test_rates_by_hand(
    name: str, journey: Journey, cohort: dict[int, dict[str, int]], activity: dict[int, dict[str, int]]
) -> None:
    found = metric([journey], NAMES.get(name, f"{name}_rate"))
    assert (found.get("cohort", {}), found.get("activity", {})) == (cohort, activity)


def figures(journeys: list[Journey], mart: str) -> list[dict[str, float | None]]:
    return [row.figures for row in truth_of(journeys, "UTC", ASKED) if row.mart == mart]


def test_the_time_to_schedule_leaves_out_what_cannot_be_measured() -> None:
    early = meeting((-1, "SCHEDULED", 72))
    lost_clock = datetime(1970, 1, 1, 10, tzinfo=UTC)
    told: list[Journey] = [
        booked(KEPT),
        booked(meeting((0.5, "SCHEDULED", 72))),
        booked(early),
        replace(talk(meetings=(KEPT,)), start_delivered=False),
        replace(talk(meetings=(KEPT,)), started_at=lost_clock),
        talk(),
    ]
    assert metric(told, "time_to_schedule")["schedule"] == {
        1: {"population": 1, "excluded_implausible_time": 1},
        2: {"population": 4, "denominator": 2, "open": 1, "excluded_negative_duration": 1,
            "within_1_hour": 1, "within_1_day": 1},
        3: {"population": 1, "excluded_started_inferred": 1},
    }  # fmt: skip
    assert {"median_seconds": 12.25 * 3600, "p90_seconds": 21.65 * 3600} in [
        {name: round(value or 0, 6) for name, value in found.items()}
        for found in figures(told, "time_to_schedule")
    ]


def test_the_queue_time_is_counted_on_the_day_of_the_queue() -> None:
    queued = replace(talk(), queued_at=later(-24))
    told: list[Journey] = [
        queued,
        replace(queued, queued_at=later(1)),
        replace(queued, started_at=None),
        replace(queued, started_at=None, failed_to_start_at=MONDAY),
        replace(queued, queue_delivered=False),
    ]
    assert metric(told, "queue_time")["time"] == {
        1: {"population": 3, "denominator": 1, "open": 1, "excluded_failed_to_start": 1},
        2: {"population": 1, "excluded_negative_duration": 1},
    }


def test_a_review_is_followed_by_the_next_event_of_its_conversation() -> None:
    reviews = (Review(later(1), None), Review(later(3), "OTHER"))
    told: list[Journey] = [talk(reviews=reviews, endings=(Ending(later(3), BARE),))]
    assert metric(told, "needs_review")["review"] == {2: {"reviews": 2, "conversations": 2, "followed": 1}}
    assert [each["median_seconds"] for each in figures(told, "needs_review")] == [None, 7200]


def test_the_last_screening_answers_the_questions_and_the_decision_has_its_own_score() -> None:
    first = Ending(
        later(1), PASSED, 80, (ScreeningAnswer("a", None, "PASSED"), ScreeningAnswer("b", None, "PASSED"))
    )
    second = Ending(
        later(24), FAILED, None, (ScreeningAnswer("a", None, "FAILED"), ScreeningAnswer("b", None, None))
    )
    told: list[Journey] = [talk(endings=(first, second, Ending(later(48), BARE)))]
    rows = [row for row in truth_of(told, "UTC", ASKED) if row.mart == "question_pass_rate"]
    assert [(row.keys["screening_question"], row.day.day, row.counts["denominator"]) for row in rows] == [
        ("a", 3, 1), ("b", 3, 0),
    ]  # fmt: skip
    assert metric(told, "screening_scores")["scores"] == {3: {"population": 1, "excluded_no_score": 1}}


def test_a_requirement_that_is_not_known_is_left_out() -> None:
    verdicts = (
        Verdict(later(1), 50, (True,) * 5),
        Verdict(later(24), 100, (True, None, False, True, True)),
    )
    told: list[Journey] = [Analysis("1", ATLAS, MONDAY, verdicts)]
    assert metric(told, "cv_analyses")["analyses"] == {
        3: {"population": 1, "excluded_unknown": 1, "scored": 1, "band_80_100": 1}
    }
    counts = [row.counts for row in truth_of(told, "UTC", ASKED) if row.mart == "requirement_met_rate"]
    assert sum(each["denominator"] for each in counts) == 4
    assert sum(each["numerator"] for each in counts) == 3


def test_nudges_are_counted_by_sequence_and_a_conversation_once_a_day() -> None:
    several = tuple(Exhaustion(later(hour), 3) for hour in (24, 25, 48))
    assert metric([talk(exhaustions=several)], "nudges_sent")["sent"] == {
        3: {"sequences": 2, "conversations": 1},
        4: {"sequences": 1, "conversations": 1},
    }


def test_the_failing_node_is_the_last_one_before_the_failure() -> None:
    steps = (Node(later(1), "a", None, "onComplete"), Node(later(2), None, None, "onNotInterested"),
             Node(later(9), "c", None, "onComplete"))  # fmt: skip
    told: list[Journey] = [replace(run(RunEnding(later(3), "FAILED")), nodes=steps)]
    (row,) = (row for row in truth_of(told, "UTC", ASKED) if row.mart == "failing_nodes")
    assert (row.keys["node_id"], row.keys["node_outcome"]) == (None, "onNotInterested")
    assert metric(told, "node_outcomes")["outcomes"]


def test_a_run_is_stuck_by_what_runs_of_its_workflow_take() -> None:
    def runs(count: int, started_at: datetime) -> list[Journey]:
        ended = [replace(run(RunEnding(later(1), "COMPLETED")), number=str(n)) for n in range(count)]
        return [*ended, replace(run(), number="open", started_at=started_at)]

    def stuck(count: int, age: timedelta) -> int:
        counts = metric(runs(count, ASKED - age), "run_failure_rate")["cohort"].values()
        return sum(each.get("open_stuck", 0) for each in counts)

    assert [stuck(20, timedelta(minutes=minutes)) for minutes in (59, 60, 61)] == [0, 0, 1]
    assert [stuck(19, timedelta(days=days)) for days in (6, 7, 8)] == [0, 0, 1]


def test_a_contact_that_fails_again_counts_once_and_a_skipped_one_each_time() -> None:
    times = (MONDAY, later(24))
    told: list[Journey] = [
        UnresolvedContact("1", WORKFLOWS[0], times, None),
        UnresolvedContact("2", WORKFLOWS[0], times, "run_9"),
        Run("3", WORKFLOWS[0], 0, resolved_at=MONDAY, started_at=None, nodes=(), endings=()),
    ]
    assert metric(told, "contact_resolution")["resolution"] == {
        2: {"population": 3, "numerator": 1, "denominator": 2, "excluded_skipped": 1},
        3: {"population": 1, "excluded_skipped": 1},
    }


def test_payments_add_up_within_a_currency_where_they_are_numbers() -> None:
    paid = SimulatedPayment("p", 49.5, "EUR", "STRIPE", ("PENDING", "DONE"))
    told: list[Journey] = [
        at_orufy(payment=paid),
        at_orufy(payment=replace(paid, amount="1499.00")),
        at_orufy(payment=replace(paid, amount="7,50")),
        at_orufy(payment=replace(paid, currency="USD", amount="7,50")),
        at_orufy(payment=paid, book_delivered=False),
    ]
    assert figures(told, "payment_totals") == [{"amount_sum": 1548.5}, {"amount_sum": None}]


def test_the_funnel_counts_each_step_of_what_started() -> None:
    held = meeting((24, "SCHEDULED", 72), (74, "HELD", 72))
    told: list[Journey] = [booked(held, endings=(Ending(later(1), PASSED),)), talk()]
    assert metric(told, "funnel")["funnel"] == {
        2: {"started": 2, "decided": 1, "passed": 1, "booked": 1, "held": 1}
    }


def test_what_must_have_happened_is_missed_on_the_day_of_the_first_event() -> None:
    moved = replace(MOVED, first_delivered=False)
    told: list[Journey] = [
        replace(talk(), start_delivered=False, opted_out_at=later(1)),
        LooseBooking("1", CAMPAIGNS[2], ANA, moved),
        replace(run(RunEnding(later(30), "FAILED")), resolved_at=None, start_delivered=False),
        at_orufy(ending="CANCELLED", book_delivered=False),
        talk(),
    ]
    rows = [row for row in truth_of(told, "UTC", ASKED) if row.mart == "implied_missing"]
    assert sorted((str(row.keys["missing_event"]), row.day.day) for row in rows) == [
        ("book", 6), ("calendar_meeting_scheduled", 4), ("conversation_started", 2),
        ("workflow_run_started", 3),
    ]  # fmt: skip
