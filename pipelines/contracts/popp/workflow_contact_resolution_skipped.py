"""WORKFLOW_CONTACT_RESOLUTION_SKIPPED: A contact was skipped because another run of theirs is active."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, ReasonedData


class WorkflowContactResolutionSkippedData(ReasonedData, kw_only=True):
    """`recordId` is the run that was already there; this event is not about it."""

    running_workflow_run_id: Annotated[
        Identifier, documented("the run that was already there, not one of this event", PAGE)
    ] = field(name="recordId")


class WorkflowContactResolutionSkipped(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLUTION_SKIPPED"):
    """The whole document."""

    data: WorkflowContactResolutionSkippedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowContactResolutionSkipped,
    entity="running_workflow_run_id",
    description="A contact was skipped because another run of theirs is active.",
)
