"""WORKFLOW_NODE_COMPLETED: A node of a run ended with an outcome."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.workflow import WorkflowData
from pipelines.contracts.types import Identifier, Text


class Data(WorkflowData, kw_only=True):
    """`recordId` is the run, not the node; the names of the node's keys are guesses."""

    workflow_run_id: Identifier = field(name="recordId")
    node_id: Text | None = None
    node_type: Text | None = None
    outcome: Text | None = None


class WorkflowNodeCompleted(Envelope, kw_only=True, tag="WORKFLOW_NODE_COMPLETED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    WorkflowNodeCompleted,
    entity="workflow_run_id",
    description="A node of a run ended with an outcome.",
)
