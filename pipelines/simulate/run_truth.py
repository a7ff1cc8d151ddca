"""How each workflow run ended: told from what happened, never from an event."""

from collections.abc import Iterator
from datetime import datetime

from pipelines.simulate.kinds import Journey
from pipelines.simulate.placing import HIT, MISS, OPEN, Placed
from pipelines.simulate.workflow_outcomes import Run

RUN_BUCKETS = {"FAILED": HIT, "COMPLETED": MISS, "CANCELLED": "cancelled"}


def workflow_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every run, where it began."""
    for run in journeys:
        if isinstance(run, Run):
            began_at = run.told_started_at or _first_known(run)
            if began_at:
                yield run.organization.id, began_at, _run_result(run)[0]


def workflow_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Every run that ended, where it did."""
    for run in journeys:
        if isinstance(run, Run):
            bucket, at = _run_result(run)
            if at:
                yield run.organization.id, at, bucket


def _first_known(run: Run) -> datetime | None:
    known = [step.at for steps in (run.nodes, run.endings) for step in steps]
    return min([*known, run.resolved_at] if run.resolved_at else known, default=None)


def _run_result(run: Run) -> tuple[str, datetime | None]:
    """The first ending decides."""
    if not run.endings:
        return OPEN, None
    first = min(run.endings, key=lambda ending: ending.at)
    return RUN_BUCKETS[first.result], first.at
