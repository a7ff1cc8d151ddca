"""A few of the faults of `make chaos`, shortly: real processes, a real broker, exact totals."""

import pytest

from tests.chaos.run import run, wrong
from tests.chaos.scenarios import SCENARIOS, Scenario

FINE = {"doubled": 0, "waiting": 0, "loaded": 3, "duplicate": 1, "quarantined": 0, "records": 4, "lost": 0}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.ci], ids=lambda each: each.name)
def test_nothing_is_lost_or_doubled(scenario: Scenario) -> None:
    outcome = run(scenario, minutes=0.1, models=False)
    assert outcome.wrong == []
    assert outcome.verdict["acknowledged"] > 100
    assert outcome.verdict["distinct"] <= outcome.verdict["acknowledged"] <= outcome.verdict["records"]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ({"lost": 1}, "are lost"),
        ({"doubled": 1}, "counted twice"),
        ({"waiting": 1}, "not loaded"),
        ({"records": 5}, "do not add up"),
        ({"findings": ["chain"], "findings_records": 1}, "audit"),
    ],
)
def test_a_broken_promise_is_seen(harm: dict[str, object], words: str) -> None:
    good = {**FINE, "findings": [], "findings_records": 0}
    assert list(wrong(good, 0, exact=True)) == []
    (found,) = wrong({**good, **harm}, 0, exact=True)
    assert words in found
