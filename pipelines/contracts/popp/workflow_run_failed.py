"""WORKFLOW_RUN_FAILED: A workflow run could not continue."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, ReasonedData


class WorkflowRunFailedData(ReasonedData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowRunFailed(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_FAILED"):
    """The whole document."""

    data: WorkflowRunFailedData


CONTRACT = Contract(
    PROVIDER, WorkflowRunFailed, entity="workflow_run_id", description="A workflow run could not continue."
)
