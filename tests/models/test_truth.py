"""The journeys of the simulator, loaded with every fault in several batches, give exactly its truth."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from pipelines.simulate.compare.marts import compare, differences
from pipelines.simulate.compare.orufy_bookings import booking_differences
from pipelines.simulate.simulation import Simulation
from pipelines.simulate.truth.mart_definitions import MARTS
from tests.truth.lake import Lake, Question, loaded, simulated

QUESTIONS = (
    Question(7, 1500, "America/St_Johns", asked_after=dt.timedelta(days=2)),
    Question(8, 1500, "Australia/Lord_Howe", timeout_hours=300, asked_after=dt.timedelta(0), builds=1),
)
"""Built as events come, and at once; asked days after the last event, and at it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A simulation and the lake that its deliveries became."""

    question: Question
    simulation: Simulation
    lake: Lake

    def wrong_after(self, statement: str) -> Mapping[str, tuple[str, ...]]:
        """What differs by mart while the lake is changed; it is changed back."""
        con = self.lake.con
        con.begin()
        try:
            con.execute(statement)
            found = compare(con, self.simulation.truth)
        finally:
            con.rollback()
        return {each.mart: each.differing for each in found if each.differing}


@pytest.fixture(scope="module", params=QUESTIONS, ids=lambda question: str(question.time_zone))
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answered]:
    """Each question, simulated, loaded and built."""
    simulation = simulated(request.param)
    with loaded(request.param, simulation.deliveries, tmp_path_factory.mktemp("truth")) as lake:
        yield Answered(request.param, simulation, lake)


def test_every_number_of_every_mart_is_the_truth(answered: Answered) -> None:
    simulation, con = answered.simulation, answered.lake.con
    found = compare(con, simulation.truth)
    assert [line for each in found for line in each.differing] == []
    assert {each.mart for each in found} == {mart.name for mart in MARTS}
    assert sum(each.cells for each in found) == len(simulation.truth) > 10_000
    assert sum(booking.moves for booking in simulation.bookings) > 0
    assert booking_differences(con, simulation.bookings) == []


@pytest.mark.parametrize("answered", QUESTIONS[:1], indirect=True, ids=["once"])
def test_the_models_own_checks_agree(answered: Answered) -> None:
    assert not answered.lake.builder.test().failures


def test_what_a_demo_compares_does_not_depend_on_the_time_of_asking(answered: Answered) -> None:
    much_later = replace(answered.question, asked_after=dt.timedelta(days=400), timeout_hours=1)
    assert differences(answered.lake.con, simulated(much_later).truth) == []


def test_a_conversation_that_is_lost_is_seen_wherever_it_counts(answered: Answered) -> None:
    wrong = answered.wrong_after(
        "DELETE FROM wh.entities.conversations WHERE organization_id = 'org_atlas' AND conversation_id = ("
        "  SELECT min(conversation_id) FROM wh.entities.conversations"
        "  WHERE organization_id = 'org_atlas' AND outcome = 'passed')"
    )
    assert {"screening_pass_rate_cohort", "screening_pass_rate_activity", "screening_scores"} < wrong.keys()
    assert "workflow_failures_cohort" not in wrong


def test_a_second_too_much_is_seen(answered: Answered) -> None:
    wrong = answered.wrong_after(
        "UPDATE wh.entities.conversations SET queued_at = queued_at - INTERVAL 1 SECOND"
    )
    assert any("median_seconds" in line for line in wrong["queue_time"])
