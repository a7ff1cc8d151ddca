"""ANALYSIS_CREATED: A batch of candidate analyses was created; only the two ids are certain."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Identifier, Text, documented, guess
from pipelines.contracts.popp import PAGE, PROVIDER, EventData, PoppDocument


class AnalysisCreatedData(EventData, kw_only=True):
    """That `recordId` is the analysis is a guess."""

    analysis_id: Annotated[
        Identifier, documented("the resource of the event; that it is the analysis is a guess", PAGE)
    ] = field(name="recordId")
    external_analysis_id: Annotated[Text | None, guess("the customer's own id of the analysis")] = None


class AnalysisCreated(PoppDocument, kw_only=True, tag="ANALYSIS_CREATED"):
    """The whole document."""

    data: AnalysisCreatedData


CONTRACT = Contract(
    PROVIDER,
    AnalysisCreated,
    entity="analysis_id",
    description="A batch of candidate analyses was created; only the two ids are certain.",
)
