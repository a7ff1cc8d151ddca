"""WORKFLOW_CONTACT_RESOLVED: A contact was matched to a candidate profile, or one was created."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.popp.workflow import WorkflowData
from pipelines.contracts.types import Identifier


class Data(WorkflowData, kw_only=True):
    """`recordId` is the run."""

    workflow_run_id: Identifier = field(name="recordId")


class WorkflowContactResolved(Envelope, kw_only=True, tag="WORKFLOW_CONTACT_RESOLVED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    WorkflowContactResolved,
    entity="workflow_run_id",
    description="A contact was matched to a candidate profile, or one was created.",
)
