"""ANALYSIS_CREATED: A batch of candidate analyses was created; only the two ids are certain."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.types import Identifier, Record, Text


class Data(Record, kw_only=True):
    """That `recordId` is the analysis is a guess."""

    analysis_id: Identifier = field(name="recordId")
    organization_id: Identifier
    external_analysis_id: Text | None = None


class AnalysisCreated(Envelope, kw_only=True, tag="ANALYSIS_CREATED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    AnalysisCreated,
    entity="analysis_id",
    description="A batch of candidate analyses was created; only the two ids are certain.",
)
