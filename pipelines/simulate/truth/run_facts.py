"""Facts of a workflow run that follow from the delivered events, and the age at which one is stuck."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.journeys.workflow_model import Run, RunEnding
from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.statistics import quantile

ENOUGH_RUNS = 20
PATIENCE = timedelta(days=7)
"""Age at which a run is stuck where fewer than `ENOUGH_RUNS` ended."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. Of several endings the first decides."""

    story: Run
    where: Dimensions
    known_at: datetime
    first_at: datetime
    ending: RunEnding | None
    is_stuck: bool


def runs_of(stories: Iterable[Run], now: datetime) -> Iterator[RunFacts]:
    """Those that were told of, as they stand at `now`."""
    runs = [(run, told) for run in stories if (told := _reported(run))]
    limits = _limits(run for run, _ in runs)
    for run, told in runs:
        ending, started_at = _ending(run), run.told_started_at
        limit = limits.get(_workflow(run), PATIENCE)
        stuck = ending is None and started_at is not None and started_at < now - limit
        yield RunFacts(
            run, Dimensions(run.organization.id), started_at or min(told), min(told), ending, stuck
        )


def _reported(run: Run) -> list[datetime]:
    happened = [step.at for steps in (run.nodes, run.endings) for step in steps]
    return [*happened, *(at for at in (run.resolved_at, run.told_started_at) if at)]


def _ending(run: Run) -> RunEnding | None:
    return min(run.endings, key=lambda ending: ending.at, default=None)


def _workflow(run: Run) -> tuple[str, str]:
    return run.organization.id, run.workflow.id


def _limits(runs: Iterable[Run]) -> dict[tuple[str, str], timedelta]:
    """For each workflow of which enough runs ended how long 99 in 100 of them took."""
    took: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for run in runs:
        ending = _ending(run)
        if ending and run.told_started_at and ending.at >= run.told_started_at:
            took[_workflow(run)].append((ending.at - run.told_started_at).total_seconds())
    return {
        workflow: timedelta(seconds=quantile(seconds, 0.99) or 0)
        for workflow, seconds in took.items()
        if len(seconds) >= ENOUGH_RUNS
    }
