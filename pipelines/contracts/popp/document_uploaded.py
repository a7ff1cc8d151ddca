"""DOCUMENT_UPLOADED: A candidate uploaded a document; only the two ids are certain."""

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.types import Identifier, Record


class Data(Record, kw_only=True):
    """What `recordId` is here is not documented."""

    record_id: Identifier
    organization_id: Identifier


class DocumentUploaded(Envelope, kw_only=True, tag="DOCUMENT_UPLOADED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    DocumentUploaded,
    entity="record_id",
    description="A candidate uploaded a document; only the two ids are certain.",
)
