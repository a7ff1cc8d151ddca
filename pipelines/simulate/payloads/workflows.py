"""Writes the events of workflows. Business time is `data.timestamp` where the workflow sends it; the envelope
is written later, sometimes on another day."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.simulate.journeys.workflow_model import Publication, Run, RunEnding, UnresolvedContact
from pipelines.simulate.payloads.payload import Data, EventPayload, instant, present
from pipelines.simulate.world.tenants import Workflow


def run_notices(story: Run) -> Iterator[EventPayload]:
    """Contact resolved, run started, its nodes, its endings."""
    about = {
        "recordId": story.id,
        **_workflow(story.workflow),
        "candidateProfileId": f"profile_{story.number}",
        "candidateProfileExternalId": f"ats-cand-{story.number}",
    }
    for event_type, at, data in _steps(story):
        yield _notice(story.workflow, event_type, at, story.lag_seconds, {**about, **data})


def contact_notices(story: UnresolvedContact) -> Iterator[EventPayload]:
    """A contact that failed to resolve, under its own key, or was skipped, under the id of another run."""
    failed = story.running_run_id is None
    data = {
        "recordId": story.running_run_id or f"contact_{story.number}",
        **_workflow(story.workflow),
        "candidateProfileExternalId": f"ats-cand-{story.number}",
        "reason": "no_reachable_channel" if failed else "active_run_exists",
    }
    event_type = f"WORKFLOW_CONTACT_RESOLUTION_{'FAILED' if failed else 'SKIPPED'}"
    for at in story.times:
        yield _notice(story.workflow, event_type, at, 0, data)


def publication_notices(story: Publication) -> Iterator[EventPayload]:
    """A version went live; here the record is the workflow."""
    data = {"recordId": story.workflow.id, **_workflow(story.workflow)}
    yield _notice(story.workflow, "WORKFLOW_PUBLISHED", story.at, 0, data)


def _steps(story: Run) -> Iterator[tuple[str, datetime, Data]]:
    if story.resolved_at:
        yield "WORKFLOW_CONTACT_RESOLVED", story.resolved_at, {}
    if story.told_started_at:
        yield "WORKFLOW_RUN_STARTED", story.told_started_at, {}
    for node in story.nodes:
        named = present(nodeId=node.id, nodeType=node.type, outcome=node.outcome)
        yield "WORKFLOW_NODE_COMPLETED", node.at, named
    for ending in story.endings:
        yield f"WORKFLOW_RUN_{ending.result}", ending.at, _why(ending)


def _why(ending: RunEnding) -> Data:
    if ending.result == "FAILED":
        return present(
            failureReason=ending.reason, errorCode="E42" if ending.reason == "node_error" else None
        )
    return present(reason=ending.reason)


def _workflow(workflow: Workflow) -> Data:
    return {
        "organizationId": workflow.organization.id,
        "workflowId": workflow.id,
        "workflowVersionId": workflow.version,
        **present(workflowExternalId=workflow.external_id),
    }


def _notice(
    workflow: Workflow, event_type: str, at: datetime, lag_seconds: float, data: Data
) -> EventPayload:
    if not workflow.stamped:
        return EventPayload(event_type, at, data)
    sent_at = at + timedelta(seconds=lag_seconds)
    return EventPayload(event_type, sent_at, {**data, "timestamp": instant(at, workflow.organization.clock)})
