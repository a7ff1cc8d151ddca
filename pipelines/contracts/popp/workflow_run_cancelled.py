"""WORKFLOW_RUN_CANCELLED: A workflow run was cancelled, by hand or by archiving its workflow."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, ReasonedData


class WorkflowRunCancelledData(ReasonedData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowRunCancelled(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_CANCELLED"):
    """The whole document."""

    data: WorkflowRunCancelledData


CONTRACT = Contract(
    PROVIDER,
    WorkflowRunCancelled,
    entity="workflow_run_id",
    description="A workflow run was cancelled, by hand or by archiving its workflow.",
)
