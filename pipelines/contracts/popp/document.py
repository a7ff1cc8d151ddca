"""Contract of events about documents that candidates upload."""

from typing import Annotated

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, documented
from pipelines.contracts.popp.envelope import STRUCTURE_PAGE, EventData, PoppDocument
from pipelines.contracts.popp.provider import PROVIDER


class DocumentUploadedData(EventData, kw_only=True):
    """Fields of `data`; the meaning of `recordId` is not documented for this event."""

    record_id: Annotated[
        Identifier,
        documented("the resource of the event: document or conversation, nobody says", STRUCTURE_PAGE),
    ]


class DocumentUploaded(PoppDocument, kw_only=True, tag="DOCUMENT_UPLOADED"):
    """A candidate uploaded a document; only the two ids are certain."""

    data: DocumentUploadedData


CONTRACTS = (Contract(PROVIDER, DocumentUploaded, entity="record_id"),)
