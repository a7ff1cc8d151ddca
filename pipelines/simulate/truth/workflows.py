"""How each workflow run ended, through which nodes it went, whom it reached: never told from an event."""

from collections.abc import Iterable, Iterator

from pipelines.simulate.journeys.workflow_model import Node
from pipelines.simulate.truth.booking_facts import Where
from pipelines.simulate.truth.facts import Facts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, Placed, Rate, Standing, columns_of
from pipelines.simulate.truth.run_facts import KnownRun

RUN_BUCKETS = {"FAILED": HIT, "COMPLETED": MISS, "CANCELLED": "cancelled"}


def _failed(run: KnownRun, _: Facts) -> Standing:
    if run.ending is None:
        return Standing(OPEN, note="stuck" if run.is_stuck else "")
    return Standing(RUN_BUCKETS[run.ending.result], run.ending.at)


def _runs(facts: Facts) -> Iterable[KnownRun]:
    return facts.runs


RUNS = (Rate("run_failure_rate", _runs, _failed),)


def failures(facts: Facts) -> Iterator[Placed]:
    """Every failed run, by the node that ended last before; the workflow may not name it."""
    for run in facts.runs:
        if run.ending and run.ending.result == "FAILED":
            ended_at = run.ending.at
            before = [node for node in run.story.nodes if node.at <= ended_at]
            last = max(before, key=lambda node: node.at, default=None)
            own = (*_workflow(run), last.id if last else None, last.outcome if last else None)
            yield Placed(run.where, ended_at, ("failed_runs",), own=own)


def nodes(facts: Facts) -> Iterator[Placed]:
    """Every node that ended."""
    for run in facts.runs:
        for node in run.story.nodes:
            yield _node(run, node)


def _node(run: KnownRun, node: Node) -> Placed:
    own = (*_workflow(run), node.id, node.outcome)
    return Placed(run.where, node.at, ("nodes",), own=own, distinct={"runs": run.story.id})


def contacts(facts: Facts) -> Iterator[Placed]:
    """Who was reached and who was not, each once; whose other run was under way, each time."""
    for run in facts.runs:
        if run.story.resolved_at:
            own = (run.story.workflow.id,)
            yield Placed(run.where, run.story.resolved_at, columns_of(HIT), own=own)
    for contact in facts.contacts:
        bucket, times = ("skipped", contact.times) if contact.running_run_id else (MISS, contact.times[:1])
        for at in times:
            where = Where(contact.organization.id)
            yield Placed(where, at, columns_of(bucket), own=(contact.workflow.id,))


def _workflow(run: KnownRun) -> tuple[str, str]:
    return run.story.workflow.id, run.story.workflow.version
