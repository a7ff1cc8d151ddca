"""WORKFLOW_CONTACT_RESOLUTION_FAILED: A contact could not be resolved, so there is no run."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.workflow import ReasonedData
from pipelines.contracts.types import Identifier


class Data(ReasonedData, kw_only=True):
    """`recordId` is a stable key of the contact."""

    contact_key: Identifier = field(name="recordId")


class WorkflowContactResolutionFailed(Envelope, kw_only=True, tag="WORKFLOW_CONTACT_RESOLUTION_FAILED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    WorkflowContactResolutionFailed,
    entity="contact_key",
    description="A contact could not be resolved, so there is no run.",
)
