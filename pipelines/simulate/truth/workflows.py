"""Truth about workflow runs, nodes and contacts, computed from journeys, not from events."""

from collections.abc import Iterable, Iterator

from pipelines.simulate.journeys.workflow_model import Node
from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, CountedMember, MemberBucket, Rate, columns_of
from pipelines.simulate.truth.run_facts import RunFacts

RUN_BUCKETS = {"FAILED": HIT, "COMPLETED": MISS, "CANCELLED": "cancelled"}


def _failure_bucket(run: RunFacts, _: SimulationFacts) -> MemberBucket:
    if run.ending is None:
        return MemberBucket(OPEN, note="stuck" if run.is_stuck else "")
    return MemberBucket(RUN_BUCKETS[run.ending.result], run.ending.at)


def _runs(facts: SimulationFacts) -> Iterable[RunFacts]:
    return facts.runs


RUNS = (Rate("run_failure_rate", _runs, _failure_bucket),)


def failures(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each failed run, by its last completed node; the node id is None when not sent."""
    for run in facts.runs:
        if run.ending and run.ending.result == "FAILED":
            ended_at = run.ending.at
            earlier_nodes = [node for node in run.story.nodes if node.at <= ended_at]
            last = max(earlier_nodes, key=lambda node: node.at, default=None)
            own = (*_workflow_ids(run), last.id if last else None, last.outcome if last else None)
            yield CountedMember(run.where, ended_at, ("failed_runs",), own=own)


def nodes(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each completed node."""
    for run in facts.runs:
        for node in run.story.nodes:
            yield _node_member(run, node)


def _node_member(run: RunFacts, node: Node) -> CountedMember:
    own = (*_workflow_ids(run), node.id, node.outcome)
    return CountedMember(run.where, node.at, ("nodes",), own=own, distinct={"runs": run.story.id})


def contacts(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield one member for each resolved or failed contact, and one for each event of a skipped contact."""
    for run in facts.runs:
        if run.story.resolved_at:
            own = (run.story.workflow.id,)
            yield CountedMember(run.where, run.story.resolved_at, columns_of(HIT), own=own)
    for contact in facts.contacts:
        bucket, times = ("skipped", contact.times) if contact.running_run_id else (MISS, contact.times[:1])
        for at in times:
            where = Dimensions(contact.organization.id)
            yield CountedMember(where, at, columns_of(bucket), own=(contact.workflow.id,))


def _workflow_ids(run: RunFacts) -> tuple[str, str]:
    return run.story.workflow.id, run.story.workflow.version
