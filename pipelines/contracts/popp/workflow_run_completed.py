"""WORKFLOW_RUN_COMPLETED: A workflow run reached the end of its graph."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, WorkflowData


class WorkflowRunCompletedData(WorkflowData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowRunCompleted(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_COMPLETED"):
    """The whole document."""

    data: WorkflowRunCompletedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowRunCompleted,
    entity="workflow_run_id",
    description="A workflow run reached the end of its graph.",
)
