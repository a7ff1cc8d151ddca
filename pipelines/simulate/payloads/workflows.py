"""Write the webhook events of workflows.

The event time is `data.timestamp` when the workflow sends it. The envelope is written later, sometimes on
another day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.simulate.journeys.workflow_model import Publication, Run, RunEnding, UnresolvedContact
from pipelines.simulate.payloads.payload import Data, EventPayload, instant, present
from pipelines.simulate.world.tenants import Workflow


def run_notices(story: Run) -> Iterator[EventPayload]:
    """Yield the events of a run: contact resolved, run started, nodes completed, endings."""
    about = {
        "recordId": story.id,
        **_workflow_ids(story.workflow),
        "candidateProfileId": f"profile_{story.number}",
        "candidateProfileExternalId": f"ats-cand-{story.number}",
    }
    for event_type, at, data in _run_events(story):
        yield _notice(story.workflow, event_type, at, story.lag_seconds, {**about, **data})


def contact_notices(story: UnresolvedContact) -> Iterator[EventPayload]:
    """Yield the events of a contact that failed to resolve, or was skipped.

    The record id is the contact's own after a failure, and that of the active run for a skipped contact.
    """
    failed = story.running_run_id is None
    data = {
        "recordId": story.running_run_id or f"contact_{story.number}",
        **_workflow_ids(story.workflow),
        "candidateProfileExternalId": f"ats-cand-{story.number}",
        "reason": "no_reachable_channel" if failed else "active_run_exists",
    }
    event_type = f"WORKFLOW_CONTACT_RESOLUTION_{'FAILED' if failed else 'SKIPPED'}"
    for at in story.times:
        yield _notice(story.workflow, event_type, at, 0, data)


def publication_notices(story: Publication) -> Iterator[EventPayload]:
    """Yield the event of a published version; its record id is the id of the workflow."""
    data = {"recordId": story.workflow.id, **_workflow_ids(story.workflow)}
    yield _notice(story.workflow, "WORKFLOW_PUBLISHED", story.at, 0, data)


def _run_events(story: Run) -> Iterator[tuple[str, datetime, Data]]:
    if story.resolved_at:
        yield "WORKFLOW_CONTACT_RESOLVED", story.resolved_at, {}
    if story.delivered_started_at:
        yield "WORKFLOW_RUN_STARTED", story.delivered_started_at, {}
    for node in story.nodes:
        named = present(nodeId=node.id, nodeType=node.type, outcome=node.outcome)
        yield "WORKFLOW_NODE_COMPLETED", node.at, named
    for ending in story.endings:
        yield f"WORKFLOW_RUN_{ending.result}", ending.at, _reason_fields(ending)


def _reason_fields(ending: RunEnding) -> Data:
    if ending.result == "FAILED":
        return present(
            failureReason=ending.reason, errorCode="E42" if ending.reason == "node_error" else None
        )
    return present(reason=ending.reason)


def _workflow_ids(workflow: Workflow) -> Data:
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
