"""The eight marts that the truth is told for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.simulate.kinds import Journey
from pipelines.simulate.nudge_truth import nudge_activity, nudge_cohort
from pipelines.simulate.placing import Placed
from pipelines.simulate.run_truth import workflow_activity, workflow_cohort
from pipelines.simulate.scheduling_truth import scheduling_activity, scheduling_cohort
from pipelines.simulate.screening_truth import screening_activity, screening_cohort


@dataclass(frozen=True, slots=True)
class Mart:
    """One mart: its default metric, its columns of what is left out, and where each journey stands in it."""

    name: str
    metric: str
    excluded: tuple[str, ...]
    place: Callable[[list[Journey]], Iterator[Placed]]


RESULTS = ("not_interested", "opted_out", "closed", "completed_undecided", "other_status", "failed_to_start")
UNSIGNALLED = ("no_signal", "no_failure_signal")
NEVER_STARTED = ("not_started", "failed_to_start")
MARTS: tuple[Mart, ...] = (
    Mart("scheduling_success_cohort", "scheduling_success_rate", UNSIGNALLED, scheduling_cohort),
    Mart("scheduling_success_activity", "scheduling_success_rate", UNSIGNALLED, scheduling_activity),
    Mart("screening_pass_rate_cohort", "pass_rate", (*RESULTS, "not_started"), screening_cohort),
    Mart("screening_pass_rate_activity", "pass_rate", RESULTS, screening_activity),
    Mart("nudge_exhaustion_cohort", "exhaustion_rate", (*NEVER_STARTED, "interviewer"), nudge_cohort),
    Mart("nudge_exhaustion_activity", "exhaustion_rate", ("interviewer",), nudge_activity),
    Mart("workflow_failures_cohort", "run_failure_rate", ("cancelled",), workflow_cohort),
    Mart("workflow_failures_activity", "run_failure_rate", ("cancelled",), workflow_activity),
)
