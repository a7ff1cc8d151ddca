"""WORKFLOW_CONTACT_RESOLUTION_FAILED: A contact could not be resolved, so there is no run."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp import PROVIDER, PoppDocument
from pipelines.contracts.popp.workflow import PAGE, ReasonedData


class WorkflowContactResolutionFailedData(ReasonedData, kw_only=True):
    """`recordId` is a stable key of the contact."""

    contact_key: Annotated[Identifier, documented("key of the contact, stable; there is no run", PAGE)] = (
        field(name="recordId")
    )


class WorkflowContactResolutionFailed(PoppDocument, kw_only=True, tag="WORKFLOW_CONTACT_RESOLUTION_FAILED"):
    """The whole document."""

    data: WorkflowContactResolutionFailedData


CONTRACT = Contract(
    PROVIDER,
    WorkflowContactResolutionFailed,
    entity="contact_key",
    description="A contact could not be resolved, so there is no run.",
)
