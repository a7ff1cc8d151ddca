"""Screening, nudges, workflows and the marts of their own: from named events to the expected rows."""

import pytest

from tests.support.models.mart_cells import by_day, cell, counts, rows
from tests.support.models.small_lake import SmallLake

NOTHING = {"rate": None, "wilson_low": None, "wilson_high": None}
COHORT, ACTIVITY = "screening_pass_rate_cohort", "screening_pass_rate_activity"


def test_every_ending_has_its_part_in_the_completion_rate(traps: SmallLake) -> None:
    others = (
        "not_interested",
        "opted_out",
        "closed",
        "completed_undecided",
        "other_status",
        "presumed_timed_out",
    )
    parts = {f"denominator_{ending}": 1 for ending in others}
    unstarted = {"excluded_not_started": 1, "excluded_failed_to_start": 1}
    assert counts(traps, COHORT, "T10", metric="completion_rate") == [
        {"population": 10, "numerator": 2, "denominator": 8, **parts, **unstarted}
    ]
    assert counts(traps, COHORT, "T10", metric="cohort_pass_rate") == [
        {"population": 10, "numerator": 1, "denominator": 8, "denominator_failed": 1, **parts, **unstarted}
    ]
    assert not rows(traps, ACTIVITY, "T10", metric="completion_rate")


def test_who_opted_out_counts_on_that_day_whatever_was_decided(traps: SmallLake) -> None:
    unstarted = {"excluded_not_started": 1, "excluded_failed_to_start": 1}
    assert by_day(traps, COHORT, "opted_out", metric="opt_out_rate") == {
        "03-02": {"population": 6, "numerator": 2, "denominator": 4, **unstarted}
    }
    assert by_day(traps, ACTIVITY, "opted_out", metric="opt_out_rate") == {
        "03-02": {"population": 1, "excluded_failed_to_start": 1},
        "03-03": {"population": 2, "numerator": 1, "denominator": 2},
        "03-04": {"population": 1, "numerator": 1, "denominator": 1},
    }


def test_nudged_interviewers_have_a_rate_of_their_own(traps: SmallLake) -> None:
    assert by_day(traps, "nudge_exhaustion_cohort", "T19", metric="interviewer_exhaustion_rate") == {
        "03-02": {"population": 2, "denominator": 1, "excluded_not_started": 1},
        "03-03": {"population": 1, "numerator": 1, "denominator": 1},
    }
    assert by_day(traps, "nudge_exhaustion_activity", "T19", metric="interviewer_exhaustion_rate") == {
        "03-03": {"population": 1, "numerator": 1, "denominator": 1}
    }


def test_recovered_is_a_decision_or_booking_after_the_first_exhaustion(traps: SmallLake) -> None:
    assert by_day(traps, "nudge_exhaustion_cohort", "recovered", metric="recovered_rate") == {
        "03-02": {"population": 2, "denominator": 2},
        "03-03": {"population": 3, "numerator": 2, "denominator": 3},
    }
    assert by_day(traps, "nudge_exhaustion_activity", "recovered", metric="recovered_rate") == {
        "03-03": {"population": 3, "denominator": 3},
        "03-04": {"population": 1, "numerator": 1, "denominator": 1},
        "03-05": {"population": 1, "numerator": 1, "denominator": 1},
    }


def test_nudges_sent_are_told_by_sequence_and_whom_they_went_to(traps: SmallLake) -> None:
    found = rows(traps, "nudges_sent", "T19")
    told = [(f"{r['day']:%m-%d}", r["is_interviewer"], r["nudges_sent"], r["sequences"]) for r in found]
    assert sorted(told, key=str) == [
        ("03-03", False, 2, 1),
        ("03-03", True, None, 1),
        ("03-04", False, 3, 1),
    ]


def test_stuck_is_longer_than_nearly_all_runs_of_the_workflow_took(traps: SmallLake) -> None:
    stuck = traps.rows(
        "SELECT entity_id FROM wh.marts.members WHERE organization_id = 'stuck' AND note = 'stuck' ORDER BY 1"
    )
    assert [row["entity_id"] for row in stuck] == ["edge-stuck", "often-stuck"]
    found = rows(traps, "workflow_failures_cohort", "stuck")
    assert (sum(row["open"] for row in found), sum(row["open_stuck"] for row in found)) == (5, 2)


def test_a_failure_is_put_down_to_the_last_step_that_completed_by_then(traps: SmallLake) -> None:
    found = rows(traps, "failing_nodes", "failing")
    told = {(row["node_id"], row["node_outcome"]): row["failed_runs"] for row in found}
    assert told == {(None, "odd"): 1, ("n-1", "UNSPECIFIED"): 1, (None, None): 1}


def test_steps_count_by_event_and_by_run(traps: SmallLake) -> None:
    found = {(row["node_id"], row["outcome"]): row for row in rows(traps, "node_outcomes", "failing")}
    passed = found["n-1", "ok"]
    assert (passed["nodes"], passed["runs"]) == (3, 2)
    assert found["n-1", "UNSPECIFIED"]["nodes"] == 1


def test_contacts_count_once_however_often_they_are_told(traps: SmallLake) -> None:
    assert counts(traps, "contact_resolution", "contacts", workflow_id="w") == [
        {"population": 4, "numerator": 1, "denominator": 2, "excluded_skipped": 2}
    ]
    skipped = cell(traps, "contact_resolution", "contacts", workflow_id="other")
    assert (f"{skipped['day']:%m-%d}", skipped["excluded_skipped"]) == ("03-03", 1)
    assert NOTHING.items() <= skipped.items()


def test_a_review_is_followed_by_the_next_event_that_is_later(traps: SmallLake) -> None:
    other = cell(traps, "needs_review", "reviews", reason="OTHER")
    assert (other["reviews"], other["conversations"], other["followed"]) == (4, 3, 3)
    assert (other["median_seconds"], other["p90_seconds"]) == (7200.0, 30240.0)
    unspecified = cell(traps, "needs_review", "reviews", reason="UNSPECIFIED")
    assert (unspecified["reviews"], unspecified["median_seconds"]) == (1, 3600.0)


def test_questions_count_by_their_text_and_the_latest_screening(traps: SmallLake) -> None:
    judged = {"population": 5, "numerator": 2, "denominator": 3}
    assert counts(traps, "question_pass_rate", "questions", screening_question="Nights?") == [
        {**judged, "excluded_unspecified": 1, "excluded_other_outcome": 1}
    ]
    unfinished = cell(traps, "question_pass_rate", "questions", screening_question="Start?")
    assert (unfinished["population"], unfinished["excluded_not_completed"]) == (1, 1)
    assert NOTHING.items() <= unfinished.items()
    details = traps.rows(
        "SELECT detail, count(*) AS n FROM wh.marts.members "
        "WHERE organization_id = 'questions' AND mart = 'question_pass_rate' GROUP BY detail ORDER BY detail"
    )
    assert details == [{"detail": "Nights?", "n": 5}, {"detail": "Start?", "n": 1}]


def test_scores_outside_0_to_100_and_none_are_left_out_visibly(traps: SmallLake) -> None:
    passed = cell(traps, "screening_scores", "scores", outcome="passed")
    assert (passed["population"], passed["denominator"]) == (9, 6)
    assert (passed["excluded_no_score"], passed["excluded_out_of_range"]) == (1, 2)
    assert [passed[f"band_{band}"] for band in ("0_19", "20_39", "40_59", "60_79", "80_100")] == [
        2,
        1,
        0,
        1,
        2,
    ]
    assert passed["mean"] == pytest.approx(299.89 / 6)
    assert passed["median"] == pytest.approx(49.995)
    assert passed["p25"] == pytest.approx(19.925)
    failed = cell(traps, "screening_scores", "scores", outcome="failed")
    assert (failed["population"], failed["mean"], failed["band_40_59"]) == (1, 50.0, 1)


def test_amounts_add_up_within_one_currency_only(traps: SmallLake) -> None:
    found = rows(traps, "payment_totals", "payments")
    told = {(row["status"], row["currency_code"]): (row["payments"], row["amount_sum"]) for row in found}
    assert told == {
        ("DONE", "USD"): (2, 59.5),
        ("DONE", None): (1, None),
        ("FAILED", "EUR"): (1, 49.5),
        ("PENDING", "USD"): (2, None),
    }


def test_beginnings_that_never_arrived_are_counted_where_they_are_proven(traps: SmallLake) -> None:
    found = rows(traps, "implied_missing", "implied")
    told = [(f"{r['day']:%m-%d}", r["provider"], r["entity"], r["missing_event"], r["count"]) for r in found]
    assert sorted(told) == [
        ("03-02", "popp", "conversation", "conversation_started", 1),
        ("03-03", "popp", "booking", "calendar_meeting_scheduled", 1),
        ("03-04", "orufy", "booking", "book", 1),
        ("03-04", "popp", "workflow_run", "workflow_run_started", 1),
    ]
