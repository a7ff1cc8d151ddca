"""WORKFLOW_NODE_COMPLETED: A node of a run ended with an outcome."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, Text, documented, guess
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, WorkflowData


class WorkflowNodeCompletedData(WorkflowData, kw_only=True):
    """`recordId` is the run, not the node; the names of the node's keys are guesses."""

    workflow_run_id: Annotated[Identifier, documented("the run, not the node", PAGE)] = field(name="recordId")
    node_id: Annotated[Text | None, guess("the node, named by who built the workflow")] = None
    node_type: Annotated[Text | None, guess("kind of node")] = None
    outcome: Annotated[Text | None, guess("how the node ended")] = None


class WorkflowNodeCompleted(PoppDocument, kw_only=True, tag="WORKFLOW_NODE_COMPLETED"):
    """The whole document."""

    data: WorkflowNodeCompletedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowNodeCompleted,
    entity="workflow_run_id",
    description="A node of a run ended with an outcome.",
)
