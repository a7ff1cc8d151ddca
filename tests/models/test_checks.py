"""Checks of the project are seen to fail: numbers broken on purpose in a lake of the traps."""

from collections.abc import Iterator

import pytest

from tests.support.models.metric_traps import METRIC_TRAPS
from tests.support.models.small_lake import SmallLake
from tests.support.models.traps import TRAPS

WRONG_VIEWS = {
    "question_pass_rate": "population + 1 AS population, 2 AS rate",
    "screening_pass_rate_cohort": "denominator_failed + 1 AS denominator_failed",
    "nudge_exhaustion_cohort": "numerator + denominator + 1 AS numerator",
    "workflow_failures_cohort": "open + 1 AS open_stuck",
    "screening_scores": "band_0_19 + 1 AS band_0_19",
    "contact_resolution": "excluded_skipped + 1 AS excluded_skipped",
    "failing_nodes": "failed_runs + 1 AS failed_runs",
    "needs_review": "reviews + 1 AS followed",
    "members": "entity_id || '?' AS entity_id",
}
"""Marts, and what is told wrongly of each row."""
WRONG_ROWS = (
    "DELETE FROM wh.entities.reviews WHERE conversation_id = 'd'",
    "DELETE FROM wh.events.workflow_run_failed",
    "DELETE FROM wh.events.conversation_completed",
    "INSERT INTO wh.entities.contacts BY NAME FROM wh.entities.contacts",
)
EXPECTED = {
    "parts_add_up_question_pass_rate",
    "within_question_pass_rate",
    "denominator_told_screening_pass_rate_cohort",
    "parts_add_up_nudge_exhaustion_cohort",
    "at_most_workflow_failures_cohort",
    "adds_up_screening_scores",
    "adds_up_contact_resolution",
    "as_many_as_failing_nodes",
    "at_most_needs_review",
    "entities_have_events",
    "entities_match_the_ledger",
    "children_have_parents",
    "members_have_entities",
    "loaded_deliveries_are_events",
    "unique_contacts",
}
"""How the names of the checks begin that must fail."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A lake whose rows and views no longer say the same."""
    lake = SmallLake(tmp_path_factory.mktemp("broken"))
    cases = {**TRAPS, **METRIC_TRAPS}
    lake.load(d.of(name) for name, batches in cases.items() for batch in batches for d in batch)
    lake.build()
    for number, (mart, wrong) in enumerate(WRONG_VIEWS.items()):
        lake.con.execute(
            f"CREATE TABLE wh.staging.wrong_{number} AS SELECT * REPLACE ({wrong}) FROM wh.marts.{mart}"
        )
        lake.con.execute(f"CREATE OR REPLACE VIEW wh.marts.{mart} AS FROM wh.staging.wrong_{number}")
    for sql in WRONG_ROWS:
        lake.con.execute(sql)
    yield lake
    lake.con.close()


def test_each_check_finds_what_it_is_for(broken: SmallLake) -> None:
    failed = {run.name for run in broken.builder.test().failures}
    assert {name for name in EXPECTED if not any(run.startswith(name) for run in failed)} == set()
