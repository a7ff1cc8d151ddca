"""WORKFLOW_PUBLISHED: A version of a workflow was published."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, WorkflowData


class WorkflowPublishedData(WorkflowData, kw_only=True):
    """`recordId` is the workflow."""

    published_workflow_id: Annotated[Identifier, documented("the workflow, not a run", PAGE)] = field(
        name="recordId"
    )


class WorkflowPublished(PoppDocument, kw_only=True, tag="WORKFLOW_PUBLISHED"):
    """The whole document."""

    data: WorkflowPublishedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowPublished,
    entity="published_workflow_id",
    description="A version of a workflow was published.",
)
