"""Contracts of workflow events. All correlation ids are optional, as it is unknown which may be missing."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, Instant, Text, documented, guess
from pipelines.contracts.popp.envelope import EventData, PoppDocument
from pipelines.contracts.popp.provider import PROVIDER

PAGE = "Popp, Workflow Events"


class WorkflowData(EventData, kw_only=True):
    """Fields of `data` in workflow events except `recordId`, whose meaning differs by event type.

    Popp's page names the correlation ids; their types and their places in the document are guesses.
    """

    workflow_id: Annotated[Text | None, guess("the workflow", PAGE)] = None
    workflow_version_id: Annotated[Text | None, guess("the published version that runs", PAGE)] = None
    candidate_profile_id: Annotated[Text | None, guess("the candidate's profile", PAGE)] = None
    workflow_external_id: Annotated[Text | None, guess("the customer's own id of the workflow", PAGE)] = None
    candidate_profile_external_id: Annotated[
        Text | None, guess("the customer's own id of the candidate", PAGE)
    ] = None
    emitted_at: Annotated[Instant | None, guess("when it was emitted, before the envelope", PAGE)] = field(
        name="timestamp", default=None
    )


class ReasonedData(WorkflowData, kw_only=True):
    """Fields of `data` in events that may carry a reason; the names of the reason fields are guesses."""

    reason: Annotated[Text | None, guess("why it was skipped, cancelled or failed")] = None
    failure_reason: Annotated[Text | None, guess("why it failed")] = None
    error_code: Annotated[Text | None, guess("why it failed, as a code")] = None


class WorkflowRunData(WorkflowData, kw_only=True):
    """Fields of `data` in an event about a workflow run; `recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class ReasonedRunData(ReasonedData, kw_only=True):
    """Fields of `data` in an event about a workflow run that has a reason; `recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowPublishedData(WorkflowData, kw_only=True):
    """Fields of `data`; `recordId` is the workflow, not a run."""

    published_workflow_id: Annotated[Identifier, documented("the workflow, not a run", PAGE)] = field(
        name="recordId"
    )


class WorkflowPublished(PoppDocument, kw_only=True, tag="WORKFLOW_PUBLISHED"):
    """A version of a workflow was published."""

    data: WorkflowPublishedData


class WorkflowContactResolved(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLVED"):
    """A contact was matched to a candidate profile, or one was created."""

    data: WorkflowRunData


class WorkflowContactResolutionSkippedData(ReasonedData, kw_only=True):
    """Fields of `data`; `recordId` is the run that was already active, which this event is not about."""

    running_workflow_run_id: Annotated[
        Identifier, documented("the run that was already there, not one of this event", PAGE)
    ] = field(name="recordId")


class WorkflowContactResolutionSkipped(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLUTION_SKIPPED"):
    """A contact was skipped because another run of theirs is active."""

    data: WorkflowContactResolutionSkippedData


class WorkflowContactResolutionFailedData(ReasonedData, kw_only=True):
    """Fields of `data`; `recordId` is a stable key of the contact."""

    contact_key: Annotated[
        Identifier, documented("stable key of the contact; the event has no run", PAGE)
    ] = field(name="recordId")


class WorkflowContactResolutionFailed(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLUTION_FAILED"):
    """A contact could not be resolved, so no run started."""

    data: WorkflowContactResolutionFailedData


class WorkflowRunStarted(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_STARTED"):
    """A workflow run began."""

    data: WorkflowRunData


class WorkflowNodeCompletedData(WorkflowData, kw_only=True):
    """Fields of `data`; `recordId` is the run, not the node. The names of the node fields are guesses."""

    workflow_run_id: Annotated[Identifier, documented("the run, not the node", PAGE)] = field(name="recordId")
    node_id: Annotated[Text | None, guess("the node, named by who built the workflow")] = None
    node_type: Annotated[Text | None, guess("kind of node")] = None
    outcome: Annotated[Text | None, guess("how the node ended")] = None


class WorkflowNodeCompleted(PoppDocument, kw_only=True, tag="WORKFLOW_NODE_COMPLETED"):
    """A node of a run ended with an outcome."""

    data: WorkflowNodeCompletedData


class WorkflowRunCompleted(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_COMPLETED"):
    """A workflow run reached the end of its graph."""

    data: WorkflowRunData


class WorkflowRunCancelled(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_CANCELLED"):
    """A workflow run was cancelled, by hand or by archiving its workflow."""

    data: ReasonedRunData


class WorkflowRunFailed(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_FAILED"):
    """A workflow run could not continue."""

    data: ReasonedRunData


CONTRACTS = (
    Contract(PROVIDER, WorkflowPublished, entity="published_workflow_id"),
    Contract(PROVIDER, WorkflowContactResolved, entity="workflow_run_id"),
    Contract(PROVIDER, WorkflowContactResolutionSkipped, entity="running_workflow_run_id"),
    Contract(PROVIDER, WorkflowContactResolutionFailed, entity="contact_key"),
    Contract(PROVIDER, WorkflowRunStarted, entity="workflow_run_id"),
    Contract(PROVIDER, WorkflowNodeCompleted, entity="workflow_run_id"),
    Contract(PROVIDER, WorkflowRunCompleted, entity="workflow_run_id"),
    Contract(PROVIDER, WorkflowRunCancelled, entity="workflow_run_id"),
    Contract(PROVIDER, WorkflowRunFailed, entity="workflow_run_id"),
)
