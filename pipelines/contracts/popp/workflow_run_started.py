"""WORKFLOW_RUN_STARTED: A workflow run began."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, WorkflowData


class WorkflowRunStartedData(WorkflowData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowRunStarted(PoppDocument, kw_only=True, tag="WORKFLOW_RUN_STARTED"):
    """The whole document."""

    data: WorkflowRunStartedData


CONTRACT = Contract(
    PROVIDER, WorkflowRunStarted, entity="workflow_run_id", description="A workflow run began."
)
