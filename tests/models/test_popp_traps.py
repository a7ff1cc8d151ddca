"""Each trap of Popp's documents that touches a number, by name, from the document as sent."""

import pytest

from tests.support.models.deliveries import popp
from tests.support.models.mart_cells import cell, counts
from tests.support.models.outside_traps import OUTSIDE_TRAPS
from tests.support.models.popp_traps import POPP_TRAPS
from tests.support.models.small_lake import SmallLake, hours
from tests.support.models.trap_results import cells, entity, finding
from tests.support.models.traps import TRAPS

NO_NUMBER = {7, 8, 15, 23, 34}
"""Traps of Popp that change no count."""
ELSEWHERE = {31: "legacy", 32: "tests"}
"""Traps under another name."""


def test_one_text_is_the_id_of_as_many_things_as_there_are_kinds(traps: SmallLake) -> None:
    entities = {
        "conversations": "conversation_id",
        "bookings": "booking_id",
        "candidate_analyses": "candidate_id",
        "workflow_runs": "workflow_run_id",
        "contacts": "contact_key",
    }
    found = {table: entity(traps, table, "T1")[name] for table, name in entities.items()}
    assert found == dict.fromkeys(entities, "x")
    assert entity(traps, "workflow_runs", "T1")["outcome"] == "open"


def test_events_of_one_conversation_are_no_repetitions_of_each_other(traps: SmallLake) -> None:
    conversation = entity(traps, "conversations", "T3")
    assert (conversation["outcome"], conversation["event_count"]) == ("passed", 2)
    assert cell(traps, "screening_pass_rate_cohort", "T3", metric="completion_rate")["population"] == 1


def test_examples_of_the_documents_count_nowhere(traps: SmallLake) -> None:
    assert not traps.rows("FROM wh.entities.conversations WHERE organization_id = 'T4'")
    assert finding(traps, "test_event", "T4") >= 1


def test_a_workflow_event_happened_when_it_says_not_when_it_was_sent(traps: SmallLake) -> None:
    failed = cell(traps, "workflow_failures_activity", "T6")
    assert (f"{failed['day']:%m-%d}", failed["numerator"]) == ("03-02", 1)
    assert entity(traps, "workflow_runs", "T6")["ended_at"] == hours(10)


def test_an_opt_out_before_the_candidate_is_known_is_the_same_conversation(traps: SmallLake) -> None:
    assert entity(traps, "conversations", "T9")["candidate_id"] == "p-1"
    assert counts(traps, "screening_pass_rate_cohort", "T9", metric="opt_out_rate") == [
        {"population": 1, "numerator": 1, "denominator": 1}
    ]


def test_an_open_conversation_is_presumed_timed_out_by_its_age(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT entity_id, metric, bucket, note FROM wh.marts.members "
        "WHERE organization_id = 'T12' AND mart = 'screening_pass_rate_cohort' "
        "AND metric IN ('pass_rate', 'completion_rate') ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("old", "completion_rate", "denominator", "presumed_timed_out"),
        ("old", "pass_rate", "open", "presumed_timed_out"),
        ("young", "completion_rate", "denominator", "open"),
        ("young", "pass_rate", "open", None),
    ]


def test_a_takeover_counts_once_however_many_messages_follow(traps: SmallLake) -> None:
    assert counts(traps, "screening_pass_rate_cohort", "T17", metric="human_takeover_rate") == [
        {"population": 2, "numerator": 1, "denominator": 2}
    ]
    review = cell(traps, "needs_review", "T17", reason="HUMAN_TAKEOVER")
    assert (review["reviews"], review["conversations"], review["followed"]) == (3, 1, 2)


def test_archiving_a_workflow_may_cancel_its_runs_or_not(traps: SmallLake) -> None:
    assert counts(traps, "workflow_failures_activity", "T20") == [
        {"population": 2, "denominator": 1, "excluded_cancelled": 1}
    ]


def test_frictions_need_no_meeting(traps: SmallLake) -> None:
    assert cells(traps, "scheduling_success_cohort", "T21")["03-02"]["population"] >= 2
    success = cell(traps, "scheduling_success_cohort", "T21", metric="scheduling_success_rate")
    assert (success["numerator"], success["denominator"]) == (0, 2)


def test_the_latest_analysis_of_a_candidate_for_a_job_counts(traps: SmallLake) -> None:
    rows = traps.rows("FROM wh.marts.cv_analyses WHERE organization_id = 'T24' ORDER BY day")
    first, second = rows
    assert (first["population"], first["numerator"], first["denominator"]) == (2, 1, 1)
    assert (first["excluded_unknown"], first["no_score"], first["mean"]) == (1, 1, 100.0)
    assert (second["population"], second["numerator"], second["denominator"]) == (1, 0, 1)
    assert (second["rate"], second["mean"], second["band_0_19"]) == (0.0, 0.0, 1)
    assert len(traps.rows("FROM wh.entities.candidate_analyses WHERE organization_id = 'T24'")) == 4


def test_a_requirement_counts_by_its_text_and_the_latest_analysis(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT requirement, is_mandatory, sum(population)::INT AS n, sum(numerator)::INT AS met, "
        "sum(excluded_unknown)::INT AS unknown FROM wh.marts.requirement_met_rate "
        "WHERE organization_id = 'T24' GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows] == [("Licence", True, 3, 1, 1), ("Spanish", False, 3, 3, 0)]


def test_a_conversation_that_could_not_start_has_a_rate_of_its_own(traps: SmallLake) -> None:
    assert counts(traps, "screening_pass_rate_cohort", "T26", metric="failed_to_start_rate") == [
        {"population": 3, "numerator": 1, "denominator": 2, "open": 1}
    ]
    assert counts(traps, "screening_pass_rate_cohort", "T26", metric="opt_out_rate") == [
        {"population": 3, "denominator": 1, "excluded_failed_to_start": 1, "excluded_not_started": 1}
    ]


def test_events_that_the_overview_forgets_count(traps: SmallLake) -> None:
    rows = traps.rows("SELECT table_name FROM wh.staging.stg_events WHERE organization_id = 'T27' ORDER BY 1")
    assert len(rows) == 4
    assert "events.generic" not in {row["table_name"] for row in rows}
    assert entity(traps, "nudge_sequences", "T27")["nudges_sent"] == 3
    assert entity(traps, "bookings", "T27")["scheduled_inferred"]


def test_a_change_of_detail_is_neither_booking_nor_move(traps: SmallLake) -> None:
    booking = entity(traps, "bookings", "T28")
    assert (booking["moved_count"], booking["updated_count"]) == (1, 2)
    assert counts(traps, "scheduling_success_cohort", "T28", metric="reschedule_rate") == [
        {"population": 1, "numerator": 1, "denominator": 1}
    ]


def test_either_spelling_is_cancelled(traps: SmallLake) -> None:
    assert entity(traps, "bookings", "T29")["is_cancelled"]


def test_a_campaign_is_the_same_whichever_host_the_address_names(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT DISTINCT campaign_id FROM wh.entities.conversations WHERE organization_id = 'T30'"
    )
    assert [row["campaign_id"] for row in rows] == ["k-1"]


@pytest.mark.parametrize(("organization", "numerator"), [("T33_one", 1), ("T33_two", 0)])
def test_organizations_behind_one_endpoint_share_no_conversation(
    traps: SmallLake, organization: str, numerator: int
) -> None:
    rate = cell(traps, "screening_pass_rate_cohort", organization, metric="pass_rate")
    assert (rate["population"], rate["numerator"], rate["denominator"]) == (1, numerator, 1)
    same = (popp("CONVERSATION_STARTED", "c", 1, organizationId=name) for name in ("o-1", "o-2"))
    assert len({delivery.key for delivery in same}) == 2


def test_every_trap_that_touches_a_number_is_here() -> None:
    named = {part for name in (*TRAPS, *POPP_TRAPS) for part in name.split("_")}
    expected = {number: f"T{number}" for number in range(1, 35) if number not in NO_NUMBER} | ELSEWHERE
    assert set(expected.values()) <= named | set(OUTSIDE_TRAPS)
