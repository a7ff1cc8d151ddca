"""The four questions of the report: the mart and metric that answer each, and the texts a reader sees."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadlineMetric:
    """One of the four questions: its mart and metric, and the texts a reader sees."""

    key: str
    mart: str
    metric: str
    title: str
    asks: str
    definition: str
    day_means: str
    unit: str
    numerator: str
    rest: str
    denominator: str


QUESTIONS = (
    HeadlineMetric(
        key="scheduling_success",
        mart="scheduling_success_cohort",
        metric="scheduling_success_rate",
        title="Scheduling success",
        asks="When scheduling begins, does it end in a booked meeting?",
        definition="Conversations with at least one booking, out of those that show any sign of scheduling: "
        "a booking, a request for more time, no suitable time found, or silence after every reminder. "
        "A booking that names no conversation counts as one of its own.",
        day_means="the day the conversation started, so recent days can still rise",
        unit="conversations",
        numerator="booked",
        rest="not booked so far",
        denominator="with a sign of scheduling",
    ),
    HeadlineMetric(
        key="screening_pass_rate",
        mart="screening_pass_rate_activity",
        metric="pass_rate",
        title="Screening pass rate",
        asks="Of the candidates who were decided, how many passed?",
        definition="Conversations whose latest screening decision is passed, out of those with a decision, "
        "passed or failed. Whoever ended without a decision is left out and listed.",
        day_means="the day of the outcome",
        unit="conversations",
        numerator="passed",
        rest="failed",
        denominator="decided",
    ),
    HeadlineMetric(
        key="nudge_exhaustion",
        mart="nudge_exhaustion_cohort",
        metric="exhaustion_rate",
        title="Nudge exhaustion",
        asks="How many candidates used up every reminder?",
        definition="Candidates' conversations in which the last reminder was sent without an answer, out of "
        "all that started. Repeats count once; reminders to interviewers are left out and listed.",
        day_means="the day the conversation started, so recent days can still rise",
        unit="conversations",
        numerator="exhausted",
        rest="not exhausted so far",
        denominator="started",
    ),
    HeadlineMetric(
        key="workflow_failures",
        mart="workflow_failures_activity",
        metric="run_failure_rate",
        title="Workflow failures",
        asks="How many finished automation runs failed?",
        definition="Runs that ended as failed, out of those that completed or failed. Where a run reports "
        "two ends, the earlier one decides; cancelled runs are left out and listed.",
        day_means="the day the run ended",
        unit="runs",
        numerator="failed",
        rest="completed",
        denominator="completed or failed",
    ),
)
"""The four questions in the order of the page."""

_REASONS = {
    "no_signal": "no sign of scheduling",
    "no_failure_signal": "from a system that tells of bookings only",
    "not_interested": "candidate not interested",
    "opted_out": "opted out",
    "closed": "closed without a decision",
    "completed_undecided": "completed without a decision",
    "other_status": "other or no status",
    "failed_to_start": "failed to start",
    "not_started": "queued, never started",
    "interviewer": "nudges to interviewers",
    "cancelled": "cancelled",
    "no_start": "start of the meeting unknown",
    "not_reported": "sender does not report no-shows",
    "started_inferred": "start not told, only proved by later events",
    "implausible_time": "a time that cannot be true",
    "negative_duration": "ends before it begins",
    "not_completed": "not completed",
    "unspecified": "no outcome sent",
    "other_outcome": "an outcome nobody documents",
    "unknown": "not known",
    "skipped": "skipped, a run was under way",
    "no_score": "no score",
    "out_of_range": "score outside 0 to 100",
}


def reason_in_words(reason: str) -> str:
    """Return the text of an exclusion reason; a reason without a text gives its name with spaces."""
    return _REASONS.get(reason, reason.replace("_", " "))


_REMARKS = {
    "denominator_campaign_type_unspecified": "of those counted, the campaign's type is unknown",
    "open_presumed_timed_out": "of the open ones, presumed timed out",
    "denominator_failed": "failed",
    "denominator_not_interested": "not interested",
    "denominator_opted_out": "opted out",
    "denominator_closed": "closed without a decision",
    "denominator_completed_undecided": "completed without a decision",
    "denominator_other_status": "other or no status",
    "denominator_open": "still continuing",
    "denominator_presumed_timed_out": "presumed timed out",
}


def remark_in_words(column: str) -> str:
    """Return the text of a remark column of a mart; a column without a text gives its name with spaces."""
    return _REMARKS.get(column, column.replace("_", " "))
