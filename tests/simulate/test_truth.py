"""The truth: its parts add up, a second count from the bodies agrees, a few stories are counted by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.simulate.journeys.model import (
    BookingChange,
    Conversation,
    Ending,
    Exhaustion,
    Friction,
    LooseBooking,
    Review,
    SimulatedMeeting,
)
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.journeys.workflow_model import RunEnding, UnresolvedContact
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.simulate.truth.cells import TruthRow, truth_of
from pipelines.simulate.truth.mart_definitions import MARTS
from pipelines.simulate.truth.statistics import BANDS, WITHIN
from pipelines.simulate.world.tenants import CAMPAIGNS, WORKFLOWS
from tests.support.hand_made_journeys import (
    ANA,
    BARE,
    CLOSED,
    FAILED,
    INTERVIEWERS,
    MONDAY,
    PASSED,
    SCHEDULING,
    SCREENING,
    TWICE,
    later,
    run,
    talk,
)
from tests.support.recount import recount
from tests.support.recount_orufy import recount_bookings
from tests.support.simulated_deliveries import decodes
from tests.support.truth_sums import ASKED, cells, counted


@given(
    seed=st.integers(0, 2**32),
    journeys=st.integers(0, 150),
    days=st.integers(0, 700),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"]),
    legacy=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_the_parts_add_up_and_the_bodies_agree(
    seed: int, journeys: int, days: int, time_zone: str, legacy: bool
) -> None:
    until = datetime(2025, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC) + timedelta(days=days)
    sent_at = datetime(2026, 12, 1, tzinfo=UTC)
    day = date(2026, 12, 1) if time_zone in ("UTC", "Pacific/Kiritimati", "Australia/Lord_Howe") else None
    simulation = simulate(seed, journeys, until, time_zone, legacy_day=day if legacy else None)
    assert simulation.bookings == recount_bookings(simulation.deliveries)
    for row in simulation.truth:
        parts_add_up(row)
    assert cells(simulation.truth) == second_opinion(simulation, sent_at, time_zone)


def parts_add_up(row: TruthRow) -> None:
    """Of a share or a measurement: everybody is in one part."""
    counts = row.counts
    assert max(counts.values()) > 0
    if {"population", "denominator"} <= counts.keys():
        left_out = sum(count for name, count in counts.items() if name.startswith("excluded_"))
        assert counts["population"] == counts["denominator"] + counts.get("open", 0) + left_out
        assert 0 <= counts.get("numerator", 0) <= counts["denominator"]
    if "denominator_closed" in counts and row.keys["metric"] in ("completion_rate", "cohort_pass_rate"):
        others = sum(count for name, count in counts.items() if name.startswith("denominator_"))
        assert counts["numerator"] + others == counts["denominator"]
    if row.mart == "time_to_schedule":
        assert sum(counts[name] for name in (*WITHIN, "later")) == counts["denominator"]
    if "band_0_19" in counts:
        scored = "scored" if "scored" in counts else "denominator"
        assert sum(counts[name] for name in BANDS) == counts[scored]


def test_the_bodies_agree_on_many_journeys(simulation: Simulation) -> None:
    sent_at = datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert cells(simulation.truth) == second_opinion(simulation, sent_at, "America/New_York")
    assert len(simulation.truth) > 1000
    assert simulation.bookings == recount_bookings(simulation.deliveries)


def test_the_second_opinion_does_not_depend_on_the_order_of_sending(simulation: Simulation) -> None:
    shuffled = Random(3).sample(simulation.deliveries, len(simulation.deliveries))
    sent_at = datetime(2026, 11, 21, 13, tzinfo=UTC)
    again = second_opinion(replace(simulation, deliveries=shuffled), sent_at, "America/New_York")
    assert again == cells(simulation.truth)


def second_opinion(
    simulation: Simulation, sent_at: datetime, time_zone: str
) -> dict[tuple[str, str, str], Counter[str]]:
    return recount([each for each in simulation.deliveries if decodes(each)], sent_at, time_zone)


def test_every_bucket_occurs(simulation: Simulation) -> None:
    """But for what has no part in a mart: nobody is left out of it for having no outcome."""
    total: Counter[tuple[str, str]] = Counter()
    for row in simulation.truth:
        total.update({(row.mart, name): count for name, count in row.counts.items()})
    never = {name for name, count in total.items() if count == 0}
    activity = "scheduling_success_activity"
    assert never == {
        *((activity, name) for name in ("excluded_no_signal", "excluded_not_reported", "excluded_no_start")),
        *((mart, "open") for mart, _ in total if mart.endswith("_activity")),
        *((mart, "open") for mart in ("nudge_exhaustion_cohort", "question_pass_rate")),
    }


def test_every_metric_of_every_mart_is_told(simulation: Simulation) -> None:
    told = {(row.mart, str(row.keys.get("metric", ""))) for row in simulation.truth}
    assert told == {(mart.name, metric) for mart in MARTS for metric in mart.metrics or ("",)}


def booking(at: datetime) -> SimulatedMeeting:
    return SimulatedMeeting(
        "booking_1", (BookingChange(later(1), "RESCHEDULED", at, 30), BookingChange(at, "CANCELLED", at, 30))
    )


SCHEDULED_RATE, PASS_RATE, EXHAUSTED, RUNS = (
    "scheduling_success", "screening_pass_rate", "nudge_exhaustion", "workflow_failures",
)  # fmt: skip

# The days are those of March 2026: by the beginning, by the result.
BY_HAND: list[tuple[str, Journey, str, dict[int, str], dict[int, str]]] = [
    (
        "a later closing does not replace a decision",
        talk(endings=(Ending(later(24), PASSED), Ending(later(72), CLOSED))),
        PASS_RATE, {2: "numerator"}, {3: "numerator"},
    ),
    (
        "the later decision stands",
        talk(endings=(Ending(later(24), PASSED), Ending(later(48), FAILED))),
        PASS_RATE, {2: "miss"}, {4: "miss"},
    ),
    (
        "opting out weighs more than closing",
        talk(endings=(Ending(later(72), CLOSED),), opted_out_at=later(24)),
        PASS_RATE, {2: "opted_out"}, {3: "opted_out"},
    ),
    (
        "not interested weighs more than opting out",
        talk(endings=(Ending(later(1), "COMPLETED_CANDIDATE_NOT_INTERESTED"),), opted_out_at=later(24)),
        PASS_RATE, {2: "not_interested"}, {2: "not_interested"},
    ),
    (
        "an ending without a status",
        talk(endings=(Ending(later(24), None),)),
        PASS_RATE, {2: "other_status"}, {3: "other_status"},
    ),
    (
        "bare completion",
        talk(endings=(Ending(later(24), BARE),)),
        PASS_RATE, {2: "completed_undecided"}, {3: "completed_undecided"},
    ),
    ("still talking", talk(), PASS_RATE, {2: "open"}, {}),
    (
        "a review reopens nothing",
        talk(endings=(Ending(later(1), FAILED),), reviews=(Review(later(30), "CLOSED_CONVERSATION_REPLY"),)),
        PASS_RATE, {2: "miss"}, {2: "miss"},
    ),
    (
        "only queued",
        Conversation("1", SCREENING, ANA, queued_at=MONDAY),
        PASS_RATE, {2: "not_started"}, {},
    ),
    (
        "queued and failed to start",
        Conversation("1", SCREENING, ANA, queued_at=MONDAY, failed_to_start_at=later(24)),
        PASS_RATE, {2: "failed_to_start"}, {3: "failed_to_start"},
    ),
    (
        "failed first, then started",
        Conversation("1", SCREENING, ANA, failed_to_start_at=later(-48), started_at=MONDAY),
        PASS_RATE, {2: "open"}, {},
    ),
    (
        "a booking counts from its first move, and although it was cancelled",
        talk(meetings=(booking(later(72)),), frictions=(Friction("MORE_TIME_REQUESTED", later(0.5), None),)),
        SCHEDULED_RATE, {2: "numerator"}, {2: "numerator"},
    ),
    (
        "friction told on two days is one conversation, on the later day",
        talk(frictions=(Friction("AVAILABILITY_NOT_FOUND", later(14), later(13.999)),)),
        SCHEDULED_RATE, {2: "miss"}, {3: "miss"},
    ),
    (
        "invited and silent",
        talk(campaign=SCHEDULING, exhaustions=TWICE),
        SCHEDULED_RATE, {2: "miss"}, {6: "miss"},
    ),
    (
        "nudged in vain elsewhere is no signal",
        talk(exhaustions=(Exhaustion(later(48), 3),)),
        SCHEDULED_RATE, {2: "no_signal"}, {},
    ),
    (
        "a booking without a conversation",
        LooseBooking("1", SCREENING, ANA, booking(later(72))),
        SCHEDULED_RATE, {2: "numerator"}, {2: "numerator"},
    ),
    (
        "nudged in vain twice, then decided",
        talk(exhaustions=TWICE, endings=(Ending(later(120), PASSED),)),
        EXHAUSTED, {2: "numerator"}, {4: "numerator"},
    ),
    (
        "decided without being nudged in vain",
        talk(endings=(Ending(later(24), FAILED),)),
        EXHAUSTED, {2: "miss"}, {3: "miss"},
    ),
    ("not decided, not nudged", talk(), EXHAUSTED, {2: "miss"}, {}),
    (
        "an interviewer",
        talk(campaign=INTERVIEWERS, exhaustions=(Exhaustion(later(48), 3),)),
        EXHAUSTED, {2: "interviewer"}, {4: "interviewer"},
    ),
    (
        "an interviewer's campaign that nobody can know as one",
        talk(campaign=INTERVIEWERS, endings=(Ending(later(24), BARE),)),
        EXHAUSTED, {2: "miss"}, {3: "miss"},
    ),
    (
        "failed to start is no end of nudging",
        Conversation("1", SCREENING, ANA, failed_to_start_at=MONDAY),
        EXHAUSTED, {2: "failed_to_start"}, {},
    ),
    (
        "two endings of a run: the first decides",
        run(RunEnding(later(48), "CANCELLED"), RunEnding(later(24), "FAILED")),
        RUNS, {2: "numerator"}, {3: "numerator"},
    ),
    ("a cancelled run", run(RunEnding(later(24), "CANCELLED")), RUNS, {2: "cancelled"}, {3: "cancelled"}),
    ("a run that continues", run(), RUNS, {2: "open"}, {}),
    ("a skipped contact is no run", UnresolvedContact("1", WORKFLOWS[0], (MONDAY,), "run_9"), RUNS, {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("journey", "question", "cohort", "activity"),
    [pytest.param(*case[1:], id=case[0]) for case in BY_HAND],
)
def test_by_hand(journey: Journey, question: str, cohort: dict[int, str], activity: dict[int, str]) -> None:
    found_cells = counted([journey])
    for basis, expected in (("cohort", cohort), ("activity", activity)):
        mart = f"{question}_{basis}"
        found = {day: dict(buckets) for (name, _, day), buckets in found_cells.items() if name == mart}
        assert found == {f"2026-03-{day:02}": {bucket: 1} for day, bucket in expected.items()}


def test_one_exhaustion_tells_the_kind_of_the_whole_campaign_but_not_of_its_namesake() -> None:
    birch, cobalt = CAMPAIGNS[4], CAMPAIGNS[7]
    assert birch.id == cobalt.id
    told: list[Journey] = [
        talk("1", birch, exhaustions=(Exhaustion(later(48), 3),)),
        talk("2", birch),
        talk("2", cobalt),
    ]
    found = counted(told)
    assert found["nudge_exhaustion_cohort", "org_birch", "2026-03-02"] == Counter(interviewer=2)
    assert found["nudge_exhaustion_cohort", "org_cobalt", "2026-03-02"] == Counter(miss=1)


def test_days_are_cut_in_the_time_zone_also_where_clocks_change() -> None:
    """One hour before midnight in New York, on both sides of the change on 2026-03-08."""
    told: list[Journey] = [
        Conversation("1", SCREENING, ANA, started_at=datetime(2026, 3, 8, 4, 30, tzinfo=UTC)),
        Conversation("2", SCREENING, ANA, started_at=datetime(2026, 3, 9, 3, 30, tzinfo=UTC)),
    ]
    days = {row.day for row in truth_of(told, "America/New_York", ASKED)}
    assert days == {date(2026, 3, 7), date(2026, 3, 8)}
    assert {row.day for row in truth_of(told, "UTC", ASKED)} == {date(2026, 3, 8), date(2026, 3, 9)}
