"""WORKFLOW_CONTACT_RESOLVED: A contact was matched to a candidate profile, or one was created."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, WorkflowData


class WorkflowContactResolvedData(WorkflowData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Annotated[Identifier, documented("the run", PAGE)] = field(name="recordId")


class WorkflowContactResolved(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLVED"):
    """The whole document."""

    data: WorkflowContactResolvedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowContactResolved,
    entity="workflow_run_id",
    description="A contact was matched to a candidate profile, or one was created.",
)
