"""Catalog of the marts that count members: their metrics and cuts (dimensions), for macros and `explain`.

A test compares the catalog with the lake. The columns of a mart are not in it: they are read from the mart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

COHORT, ACTIVITY = "cohort", "activity"
BASES = (COHORT, ACTIVITY)

CUTS: Mapping[str, str] = MappingProxyType(
    {
        "total": "'total'",
        "organization": "cell.organization_id",
        "source": "cell.source",
        "provider": "cell.provider",
        "campaign": "cell.campaign_id",
        "external_campaign": "cell.external_campaign_id",
        "day": "CAST(cell.day AS VARCHAR)",
        "week": "CAST(CAST(date_trunc('week', cell.day) AS DATE) AS VARCHAR)",
        "month": "strftime(cell.day, '%Y-%m')",
    }
)
"""Dimensions of every mart by name, each a SQL expression over a row `cell` of the mart or of its members."""


@dataclass(frozen=True, slots=True)
class CatalogMart:
    """One question with its metrics, answered by a single mart or by a cohort and an activity mart.

    The first metric is the default. `basis` is the default basis, None for a single mart. `members` is the
    staging view of the members, `own_cuts` are dimensions beyond `CUTS`, `cohort_only` are metrics that the
    activity mart lacks. `measured` is true for durations, whose members have a value instead of yes or no.
    """

    name: str
    about: str
    members: str
    metrics: tuple[str, ...]
    basis: str | None = None
    cohort_only: tuple[str, ...] = ()
    own_cuts: Mapping[str, str] = field(default_factory=dict)
    measured: bool = False

    @property
    def cuts(self) -> Mapping[str, str]:
        """All dimensions: name and SQL expression."""
        return {**CUTS, **self.own_cuts}

    def mart(self, basis: str | None) -> str:
        """Return the name of the mart of a basis, without its schema."""
        return self.name if basis is None else f"{self.name}_{basis}"

    def marts_by_name(self) -> dict[str, tuple[str | None, tuple[str, ...]]]:
        """Return `(basis, metrics)` of each mart by its name."""
        if self.basis is None:
            return {self.name: (None, self.metrics)}
        activity_metrics = tuple(metric for metric in self.metrics if metric not in self.cohort_only)
        return {
            self.mart(COHORT): (COHORT, self.metrics),
            self.mart(ACTIVITY): (ACTIVITY, activity_metrics),
        }


COUNTED = (
    CatalogMart(
        name="scheduling_success",
        about="Does scheduling end in a booked meeting, and how do the bookings fare?",
        members="scheduling_members",
        metrics=(
            "scheduling_success_rate",
            "net_scheduling_success_rate",
            "screening_to_scheduled_rate",
            "friction_rate",
            "success_after_friction_rate",
            "reschedule_rate",
            "cancellation_rate",
            "late_cancellation_rate",
            "no_show_rate",
        ),
        basis=COHORT,
    ),
    CatalogMart(
        name="screening_pass_rate",
        about="How do screenings end: passed, failed, undecided, opted out?",
        members="screening_members",
        metrics=(
            "pass_rate",
            "completion_rate",
            "cohort_pass_rate",
            "opt_out_rate",
            "human_takeover_rate",
            "failed_to_start_rate",
        ),
        basis=ACTIVITY,
        cohort_only=("completion_rate", "cohort_pass_rate", "human_takeover_rate", "failed_to_start_rate"),
    ),
    CatalogMart(
        name="nudge_exhaustion",
        about="How many used up every reminder, and how many came back?",
        members="nudge_members",
        metrics=("exhaustion_rate", "interviewer_exhaustion_rate", "recovered_rate"),
        basis=COHORT,
    ),
    CatalogMart(
        name="workflow_failures",
        about="How many finished automation runs failed?",
        members="workflow_members",
        metrics=("run_failure_rate",),
        basis=ACTIVITY,
    ),
    CatalogMart(
        name="time_to_schedule",
        about="How long from the start of a conversation to its first booking?",
        members="duration_members",
        metrics=("time_to_schedule",),
        measured=True,
    ),
    CatalogMart(
        name="queue_time",
        about="How long did conversations wait in the queue?",
        members="duration_members",
        metrics=("queue_time",),
        measured=True,
    ),
    CatalogMart(
        name="question_pass_rate",
        about="Which screening questions do candidates pass?",
        members="question_members",
        metrics=("question_pass_rate",),
        own_cuts={"question": "cell.screening_question"},
    ),
    CatalogMart(
        name="requirement_met_rate",
        about="Which requirements do CVs meet?",
        members="requirement_members",
        metrics=("requirement_met_rate",),
        own_cuts={"requirement": "cell.requirement"},
    ),
)
"""Marts that count members, in the order of the questions."""
