"""Definitions of the marts that have a truth."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from pipelines.simulate.truth import answers, durations, funnel_and_payments, nudges, workflows
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.nudges import NUDGES
from pipelines.simulate.truth.placement import CountedMember, Rate, members_by_outcome, members_by_start
from pipelines.simulate.truth.scheduling import SCHEDULING
from pipelines.simulate.truth.screening import SCREENING
from pipelines.simulate.truth.statistics import BANDS, SCORE, SECONDS, SHARE, SUM, WITHIN, Figure
from pipelines.simulate.truth.workflows import RUNS

CUTS = ("organization_id", "source", "provider", "campaign_id", "external_campaign_id")


@dataclass(frozen=True, slots=True)
class Mart:
    """Definition of a mart.

    `members` yields what the mart counts. `own` are the key columns in addition to `CUTS` and the day.
    `counts` are the count columns, `figures` the other numbers. `metrics` are the values of the column
    `metric`; empty for a mart without that column. `time_dependent_metrics` and `time_dependent_counts`
    depend on the query time.
    """

    name: str
    counts: tuple[str, ...]
    members: Callable[[SimulationFacts], Iterator[CountedMember]]
    own: tuple[str, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    time_dependent_metrics: frozenset[str] = frozenset()
    time_dependent_counts: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key columns, except the day."""
        return (*(("metric",) if self.metrics else ()), *CUTS, *self.own)


PARTS = ("population", "numerator", "denominator")
RESULTS = ("not_interested", "opted_out", "closed", "completed_undecided", "other_status", "failed_to_start")
UNBOOKED = ("no_signal", "no_failure_signal", "no_start", "cancelled", "not_reported")
UNMEASURED = ("started_inferred", "implausible_time", "negative_duration")
ENDED = ("failed", *RESULTS[:-1])
TIMED_OUT = ("open_presumed_timed_out", "denominator_open", "denominator_presumed_timed_out")
SHARE_AND_SCORE: Mapping[str, Figure] = MappingProxyType({**SHARE, **SCORE})


def _excluded(*reasons: str) -> tuple[str, ...]:
    return tuple(f"excluded_{reason}" for reason in reasons)


def _family(
    name: str,
    rates: tuple[Rate, ...],
    excluded: tuple[str, ...],
    *,
    cohort_excluded: tuple[str, ...] = (),
    cohort: tuple[str, ...] = (),
    time_dependent_counts: tuple[str, ...] = (),
) -> Iterator[Mart]:
    """Yield the cohort mart (by day of the start) and activity mart (by day of the outcome) of a question."""
    counts = (*PARTS, "open", *_excluded(*excluded))
    time_dependent_rates = frozenset(rate.name for rate in rates if rate.time_dependent)
    by_cohort = (*counts, *_excluded(*cohort_excluded), *cohort)
    for suffix, columns, members, used_rates in (
        ("cohort", by_cohort, members_by_start, rates),
        ("activity", counts, members_by_outcome, tuple(rate for rate in rates if not rate.cohort_only)),
    ):
        yield Mart(
            f"{name}_{suffix}",
            columns,
            partial(members, used_rates),
            figures=SHARE,
            metrics=tuple(rate.name for rate in used_rates),
            time_dependent_metrics=time_dependent_rates,
            time_dependent_counts=frozenset(time_dependent_counts).intersection(columns),
        )


MARTS: tuple[Mart, ...] = (
    *_family("scheduling_success", SCHEDULING, UNBOOKED),
    *_family(
        "screening_pass_rate",
        SCREENING,
        RESULTS,
        cohort_excluded=("not_started",),
        cohort=(*(f"denominator_{ending}" for ending in ENDED), *TIMED_OUT),
        time_dependent_counts=TIMED_OUT,
    ),
    *_family(
        "nudge_exhaustion",
        NUDGES,
        ("interviewer",),
        cohort_excluded=("not_started", "failed_to_start"),
        cohort=("denominator_campaign_type_unspecified",),
    ),
    *_family(
        "workflow_failures",
        RUNS,
        ("cancelled",),
        cohort=("open_stuck",),
        time_dependent_counts=("open_stuck",),
    ),
    Mart(
        "time_to_schedule",
        ("population", "denominator", "open", *_excluded(*UNMEASURED), *WITHIN, "later"),
        durations.time_to_schedule,
        figures=SECONDS,
    ),
    Mart(
        "queue_time",
        ("population", "denominator", "open", *_excluded("failed_to_start", *UNMEASURED)),
        durations.queue_time,
        figures=SECONDS,
    ),
    Mart(
        "needs_review",
        ("reviews", "conversations", "followed"),
        durations.reviews,
        own=("reason",),
        figures=SECONDS,
    ),
    Mart(
        "question_pass_rate",
        (*PARTS, "open", *_excluded("not_completed", "unspecified", "other_outcome")),
        answers.questions,
        own=("screening_question",),
        figures=SHARE,
    ),
    Mart(
        "requirement_met_rate",
        (*PARTS, "excluded_unknown"),
        answers.requirements,
        own=("requirement", "is_mandatory"),
        figures=SHARE,
    ),
    Mart(
        "screening_scores",
        ("population", "denominator", *_excluded("no_score", "out_of_range"), *BANDS),
        answers.scores,
        own=("outcome",),
        figures=SCORE,
    ),
    Mart(
        "cv_analyses",
        (*PARTS, "excluded_unknown", "scored", "no_score", "score_out_of_range", *BANDS),
        answers.analyses,
        figures=SHARE_AND_SCORE,
    ),
    Mart(
        "nudges_sent",
        ("sequences", "conversations"),
        nudges.sequences,
        own=("is_interviewer", "nudges_sent"),
    ),
    Mart(
        "failing_nodes",
        ("failed_runs",),
        workflows.failures,
        own=("workflow_id", "workflow_version_id", "node_id", "node_outcome"),
    ),
    Mart(
        "node_outcomes",
        ("nodes", "runs"),
        workflows.nodes,
        own=("workflow_id", "workflow_version_id", "node_id", "outcome"),
    ),
    Mart(
        "contact_resolution",
        (*PARTS, "excluded_skipped"),
        workflows.contacts,
        own=("workflow_id",),
        figures=SHARE,
    ),
    Mart("funnel", ("started", "decided", "passed", "booked", "held"), funnel_and_payments.funnel),
    Mart(
        "payment_totals",
        ("payments",),
        funnel_and_payments.payments,
        own=("status", "currency_code"),
        figures=SUM,
    ),
    Mart("implied_missing", ("count",), funnel_and_payments.implied_missing, own=("entity", "missing_event")),
)
