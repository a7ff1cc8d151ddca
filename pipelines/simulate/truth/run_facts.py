"""Facts of workflow runs that can be known from the delivered events, and the age of a stuck run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.journeys.workflow_model import Run, RunEnding
from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.statistics import quantile

ENOUGH_RUNS = 20
PATIENCE = timedelta(days=7)
"""Age at which a run is stuck when fewer than `ENOUGH_RUNS` runs of its workflow have ended."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts of one run; with several endings, `ending` is the first."""

    story: Run
    where: Dimensions
    known_at: datetime
    first_at: datetime
    ending: RunEnding | None
    is_stuck: bool


def runs_of(stories: Iterable[Run], now: datetime) -> Iterator[RunFacts]:
    """Yield the facts at `now` of each run with a delivered event."""
    runs = [(run, event_times) for run in stories if (event_times := _event_times(run))]
    limits = _stuck_limits(run for run, _ in runs)
    for run, event_times in runs:
        ending, started_at = _first_ending(run), run.delivered_started_at
        limit = limits.get(_workflow_key(run), PATIENCE)
        stuck = ending is None and started_at is not None and started_at < now - limit
        yield RunFacts(
            run,
            Dimensions(run.organization.id),
            started_at or min(event_times),
            min(event_times),
            ending,
            stuck,
        )


def _event_times(run: Run) -> list[datetime]:
    step_times = [step.at for steps in (run.nodes, run.endings) for step in steps]
    return [*step_times, *(at for at in (run.resolved_at, run.delivered_started_at) if at)]


def _first_ending(run: Run) -> RunEnding | None:
    return min(run.endings, key=lambda ending: ending.at, default=None)


def _workflow_key(run: Run) -> tuple[str, str]:
    return run.organization.id, run.workflow.id


def _stuck_limits(runs: Iterable[Run]) -> dict[tuple[str, str], timedelta]:
    """Return the 99th percentile of the duration by workflow, for workflows with `ENOUGH_RUNS` ended runs."""
    durations: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for run in runs:
        ending = _first_ending(run)
        if ending and run.delivered_started_at and ending.at >= run.delivered_started_at:
            durations[_workflow_key(run)].append((ending.at - run.delivered_started_at).total_seconds())
    return {
        workflow: timedelta(seconds=quantile(seconds, 0.99) or 0)
        for workflow, seconds in durations.items()
        if len(seconds) >= ENOUGH_RUNS
    }
