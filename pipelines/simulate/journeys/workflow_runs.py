"""Draw simulated workflow runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pipelines.simulate.journeys.workflow_model import Node, Run, RunEnding, RunResult
from pipelines.simulate.world.rng import UNKNOWN, SeededRandom
from pipelines.simulate.world.sample_texts import NODE_OUTCOMES, NODES, RUN_REASONS
from pipelines.simulate.world.tenants import Workflow

RESULTS: tuple[tuple[RunResult | None, float], ...] = (
    ("COMPLETED", 68),
    ("FAILED", 14),
    ("CANCELLED", 7),
    (None, 11),
)


def draw_run(dice: SeededRandom, number: str, workflow: Workflow, at: datetime) -> Run:
    """Draw a run whose first event at `at` is a resolved contact or the start.

    In a few runs one node completes after the run has ended.
    """
    resolved = dice.chance(0.4)
    started_at = dice.after(at, 0.001, 1) if resolved else at
    nodes = tuple(_draw_nodes(dice, started_at, workflow))
    endings = () if workflow.endless else tuple(_draw_endings(dice, nodes[-1].at))
    if endings and dice.chance(0.04):
        nodes += tuple(_draw_nodes(dice, endings[0].at, workflow))[:1]
    run = Run(
        number,
        workflow,
        lag_seconds=0,
        resolved_at=at if resolved else None,
        started_at=dice.unless_after_end(started_at),
        nodes=dice.only_before_end(nodes),
        endings=dice.only_before_end(endings),
        start_delivered=not dice.chance(UNKNOWN),
    )
    return replace(run, lag_seconds=_draw_lag_seconds(dice, run, at)) if workflow.stamped else run


def _draw_lag_seconds(dice: SeededRandom, run: Run, first_at: datetime) -> float:
    """Draw a lag of up to 30 minutes, mostly a few. The last envelope time is before the simulation's end."""
    moments = [first_at, *(node.at for node in run.nodes), *(ending.at for ending in run.endings)]
    left_seconds = (dice.end - max(*moments, run.started_at or first_at)).total_seconds()
    return min(float(dice.rng.random() ** 4 * 1800), left_seconds)


def _draw_nodes(dice: SeededRandom, at: datetime, workflow: Workflow) -> Iterator[Node]:
    for node_id, node_type in NODES[: 1 + int(dice.rng.random() * len(NODES))]:
        at = dice.after(at, 0.02, 40)
        outcome = dice.weighted(tuple(zip(NODE_OUTCOMES, (8.0, 1, 1), strict=True)))
        named = workflow.named_nodes or dice.chance(0.3)
        yield Node(at, node_id if named else None, node_type if named else None, outcome)


def _draw_endings(dice: SeededRandom, at: datetime) -> Iterator[RunEnding]:
    """Yield the ending of a run, none for an open run; 3 % have a second ending."""
    result = dice.weighted(RESULTS)
    if result is None:
        return
    at = dice.after(at, 0.01, 20)
    yield _draw_ending(dice, at, result)
    if dice.chance(0.03):
        yield _draw_ending(dice, dice.after(at, 0.01, 20), dice.pick(("CANCELLED", "FAILED", "COMPLETED")))


def _draw_ending(dice: SeededRandom, at: datetime, result: RunResult) -> RunEnding:
    return RunEnding(at, result, None if result == "COMPLETED" else dice.pick(RUN_REASONS))
