"""Each trap of the providers that touches a number, by name."""

import datetime as dt

import pytest

from tests.support.models.small_lake import SmallLake, hours
from tests.support.models.trap_results import cells, entity, finding

RATE_MARTS = [
    f"{question}_{grain}"
    for question in ("scheduling_success", "screening_pass_rate", "nudge_exhaustion", "workflow_failures")
    for grain in ("cohort", "activity")
]


def test_skipped_and_failed_contacts_are_no_runs(traps: SmallLake) -> None:
    assert cells(traps, "workflow_failures_cohort", "T2") == {"03-02": {"population": 1, "denominator": 1}}
    outcomes = traps.rows("SELECT outcome FROM wh.entities.contacts WHERE organization_id = 'T2' ORDER BY 1")
    assert [row["outcome"] for row in outcomes] == ["failed", "skipped"]


def test_the_earliest_of_several_ends_decides_and_ties_break_on_the_key(traps: SmallLake) -> None:
    run = entity(traps, "workflow_runs", "two_ends", "workflow_run_id = 'run'")
    assert (run["outcome"], run["ended_at"], run["terminal_event_count"]) == ("completed", hours(5), 3)
    assert run["started_inferred"]
    assert finding(traps, "two_terminal_events", "two_ends") == 1
    assert cells(traps, "workflow_failures_cohort", "two_ends") == {
        "03-02": {"population": 1, "denominator": 1},
        "03-03": {"population": 1, "open": 1},
    }


def test_a_friction_that_arrives_twice_is_one_signal(traps: SmallLake) -> None:
    assert cells(traps, "scheduling_success_cohort", "T5") == {
        "03-02": {"population": 3, "denominator": 2, "excluded_no_signal": 1}
    }
    assert cells(traps, "scheduling_success_activity", "T5") == {
        "03-02": {"population": 1, "denominator": 1},
        "03-03": {"population": 1, "denominator": 1},
    }


def test_completed_is_not_passed_and_every_ending_has_its_part(traps: SmallLake) -> None:
    endings = {
        f"excluded_{reason}": 1
        for reason in (
            "not_interested",
            "opted_out",
            "closed",
            "completed_undecided",
            "other_status",
            "failed_to_start",
        )
    }
    decided = {"numerator": 1, "denominator": 2}
    assert cells(traps, "screening_pass_rate_activity", "T10") == {
        "03-02": {"population": 8, **decided, **endings}
    }
    assert cells(traps, "screening_pass_rate_cohort", "T10") == {
        "03-02": {
            "population": 10,
            **decided,
            **endings,
            "open": 1,
            "open_presumed_timed_out": 1,
            "excluded_not_started": 1,
        }
    }


def test_the_latest_decision_stands_whatever_comes_after(traps: SmallLake) -> None:
    conversation = entity(traps, "conversations", "T11")
    assert (conversation["outcome"], conversation["outcome_at"]) == ("failed", hours(8))


def test_a_score_of_zero_is_a_score_and_none_is_none(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT score FROM wh.entities.conversations WHERE organization_id = 'T13_T14' "
        "ORDER BY conversation_id"
    )
    assert [row["score"] for row in rows] == [0.0, None]


def test_answers_of_the_latest_screening_are_current(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT question_outcome, is_current FROM wh.entities.screening_answers "
        "WHERE organization_id = 'T13_T14' ORDER BY answered_at, position"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("PASSED", False),
        ("FAILED", True),
        ("NOT_COMPLETED", True),
    ]


def test_the_misspelt_first_name_is_the_first_name(traps: SmallLake) -> None:
    assert entity(traps, "conversations", "T15")["participant_first_name"] == "Deniz"


def test_an_absent_review_reason_is_unspecified_not_other(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT reason FROM wh.entities.reviews WHERE organization_id = 'T16' ORDER BY asked_at"
    )
    assert [row["reason"] for row in rows] == ["UNSPECIFIED", "OTHER"]


def test_a_reply_after_the_end_does_not_reopen(traps: SmallLake) -> None:
    assert cells(traps, "screening_pass_rate_cohort", "T18") == {
        "03-02": {"population": 1, "numerator": 1, "denominator": 1}
    }


def test_nudged_interviewers_are_no_candidates_and_repeats_count_once(traps: SmallLake) -> None:
    assert cells(traps, "nudge_exhaustion_cohort", "T19") == {
        "03-02": {
            "population": 6,
            "numerator": 1,
            "denominator": 3,
            "excluded_not_started": 1,
            "excluded_failed_to_start": 1,
            "excluded_interviewer": 1,
            "denominator_campaign_type_unspecified": 1,
        },
        "03-03": {"population": 1, "excluded_interviewer": 1},
    }
    assert cells(traps, "nudge_exhaustion_activity", "T19") == {
        "03-03": {"population": 2, "numerator": 1, "denominator": 1, "excluded_interviewer": 1}
    }
    assert len(traps.rows("FROM wh.entities.nudge_sequences WHERE organization_id = 'T19'")) == 3


def test_a_late_scheduled_does_not_bring_the_old_time_back(traps: SmallLake) -> None:
    booking = entity(traps, "bookings", "T22")
    assert booking["meeting_start_at"] == hours(100)
    assert (booking["moved_count"], booking["updated_count"], booking["link_inferred"]) == (1, 1, False)
    assert cells(traps, "scheduling_success_activity", "T22") == {
        "03-02": {"population": 1, "numerator": 1, "denominator": 1}
    }


def test_a_move_under_an_unseen_id_is_linked_to_the_one_live_booking(traps: SmallLake) -> None:
    linked = entity(traps, "bookings", "link", "booking_id = 'new-id'")
    assert (linked["link_inferred"], linked["logical_booking_id"]) == (True, "b")
    booking = entity(traps, "bookings", "link", "booking_id = 'b'")
    assert (booking["meeting_start_at"], booking["moved_count"]) == (hours(100), 1)


def test_a_booking_without_conversation_is_its_own_unit(traps: SmallLake) -> None:
    assert cells(traps, "scheduling_success_cohort", "link") == {
        "03-02": {"population": 2, "numerator": 2, "denominator": 2}
    }


def test_templates_in_addresses_are_no_ids(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT campaign_id FROM wh.entities.conversations WHERE organization_id = 'T25' "
        "ORDER BY conversation_id"
    )
    assert [row["campaign_id"] for row in rows] == [None, "k-3", None]


def test_without_a_time_of_its_own_the_earliest_receipt_counts(traps: SmallLake) -> None:
    assert entity(traps, "conversations", "legacy")["started_at"] == hours(20)


def test_a_late_start_corrects_the_past(traps: SmallLake) -> None:
    assert cells(traps, "screening_pass_rate_cohort", "late_start") == {
        "03-02": {"population": 2, "numerator": 2, "denominator": 2}
    }
    assert finding(traps, "started_inferred", "late_start") == 1


@pytest.mark.parametrize("mart", RATE_MARTS)
def test_every_cell_is_the_count_of_its_members(traps: SmallLake, mart: str) -> None:
    counted = traps.rows(f"SELECT sum(population)::int AS n, sum(numerator)::int AS yes FROM wh.marts.{mart}")
    listed = traps.rows(
        "SELECT count(*)::int AS n, count(*) FILTER (WHERE bucket = 'numerator')::int AS yes "
        f"FROM wh.marts.members WHERE mart = '{mart}'"
    )
    assert counted == listed


def test_rates_have_an_interval_and_none_on_an_empty_denominator(traps: SmallLake) -> None:
    rows = traps.rows("FROM wh.marts.screening_pass_rate_activity")
    half = next(row for row in rows if (row["organization_id"], row["metric"]) == ("T10", "pass_rate"))
    assert (half["rate"], round(half["wilson_low"], 4), round(half["wilson_high"], 4)) == (
        0.5,
        0.0945,
        0.9055,
    )
    assert half["day"] == dt.date(2026, 3, 2)
    open_only = next(
        row
        for row in traps.rows("FROM wh.marts.workflow_failures_cohort WHERE organization_id = 'two_ends'")
        if row["open"]
    )
    assert (open_only["rate"], open_only["wilson_low"]) == (None, None)


def test_all_tests_of_the_project_pass(traps: SmallLake) -> None:
    result = traps.builder.test()
    assert not result.failures
    assert len(result.models) > 100
