"""Secondary metrics of the four questions: metric, mart, and the texts that a reader sees."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One secondary rate of a question; `numerator` and `denominator` are the labels of its two counts."""

    question: str
    mart: str
    metric: str
    title: str
    meaning: str
    numerator: str
    denominator: str


def _scheduling(metric: str, title: str, meaning: str, numerator: str, denominator: str) -> Metric:
    mart = "scheduling_success_cohort"
    return Metric("scheduling_success", mart, metric, title, meaning, numerator, denominator)


def _screening(metric: str, title: str, meaning: str, numerator: str, denominator: str) -> Metric:
    mart = "screening_pass_rate_cohort"
    return Metric("screening_pass_rate", mart, metric, title, meaning, numerator, denominator)


def _nudges(metric: str, title: str, meaning: str, numerator: str, denominator: str) -> Metric:
    mart = "nudge_exhaustion_cohort"
    return Metric("nudge_exhaustion", mart, metric, title, meaning, numerator, denominator)


FURTHER = (
    _scheduling(
        "net_scheduling_success_rate",
        "Booking that lasted",
        "As above, but the booking must stand until its meeting starts, or be replaced by another one.",
        "kept a booking",
        "with a sign of scheduling",
    ),
    _scheduling(
        "screening_to_scheduled_rate",
        "From passed to booked",
        "Of the candidates who passed screening, how many had a booking within 7 days. Who passed less than "
        "7 days ago is still open.",
        "booked within 7 days",
        "passed at least 7 days ago",
    ),
    _scheduling(
        "friction_rate",
        "Friction",
        "Conversations in which somebody asked for more time or no suitable time was found. Both together "
        "count once.",
        "had friction",
        "with a sign of scheduling",
    ),
    _scheduling(
        "success_after_friction_rate",
        "Booked after friction",
        "Of the conversations with friction, how many were booked afterwards.",
        "booked afterwards",
        "with friction",
    ),
    _scheduling(
        "reschedule_rate",
        "Rescheduled",
        "Bookings whose time changed at least once. A change of details alone is none.",
        "moved",
        "bookings",
    ),
    _scheduling(
        "cancellation_rate",
        "Cancelled",
        "Bookings that were cancelled and not replaced by another one.",
        "cancelled",
        "bookings",
    ),
    _scheduling(
        "late_cancellation_rate",
        "Cancelled late",
        "The same, less than 24 hours before the meeting or after its start.",
        "cancelled late",
        "bookings with a known start",
    ),
    _scheduling(
        "no_show_rate",
        "No-show",
        "Meetings to which somebody did not come. Only where the sender reports it; it is never guessed.",
        "did not show up",
        "meetings that ended",
    ),
    _screening(
        "completion_rate",
        "Completed",
        "Of the conversations that started, how many came to a decision.",
        "decided",
        "started",
    ),
    _screening(
        "cohort_pass_rate",
        "Passed, of all that started",
        "Of the conversations that started, how many passed. Whoever is undecided counts against it.",
        "passed",
        "started",
    ),
    _screening(
        "opt_out_rate",
        "Opted out",
        "Of the conversations that started, in how many the candidate opted out.",
        "opted out",
        "started",
    ),
    _screening(
        "human_takeover_rate",
        "Taken over by a person",
        "Of the conversations that started, how many a person took over. Once or often counts as one.",
        "taken over",
        "started",
    ),
    _screening(
        "failed_to_start_rate",
        "Failed to start",
        "Of the conversations that were tried, how many could not be started.",
        "failed to start",
        "tried",
    ),
    _nudges(
        "recovered_rate",
        "Recovered",
        "Of the candidates who used up every reminder, how many were decided or booked after all.",
        "came back",
        "used up every reminder",
    ),
    _nudges(
        "interviewer_exhaustion_rate",
        "Interviewers who never answered",
        "The same question for interviewers who are asked for their times. Never mixed with candidates.",
        "used up every reminder",
        "conversations with interviewers",
    ),
)
"""Secondary metrics in the order of the page. Conversations are counted on the day they started, bookings on
the day they were made."""


def further_of(question: str) -> tuple[Metric, ...]:
    """Return the secondary metrics of the question with this key."""
    return tuple(metric for metric in FURTHER if metric.question == question)
