"""WORKFLOW_RUN_STARTED: A workflow run began."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.workflow import WorkflowData
from pipelines.contracts.types import Identifier


class Data(WorkflowData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Identifier = field(name="recordId")


class WorkflowRunStarted(Envelope, kw_only=True, tag="WORKFLOW_RUN_STARTED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER, WorkflowRunStarted, entity="workflow_run_id", description="A workflow run began."
)
