"""CANDIDATE_ANALYSIS_COMPLETED: The CV of one candidate was analysed; it may happen again."""

from msgspec import field

from pipelines.contracts.contract import Contract
from pipelines.contracts.popp import PROVIDER, Envelope
from pipelines.contracts.types import Identifier, Number, PersonalText, Record, Text


class RequirementOutcome(Record, kw_only=True):
    """One requirement; evidence is absent where it is not met."""

    requirement: Text
    is_mandatory: bool | None = None
    is_met: bool | None = None
    evidence: PersonalText | None = None


class Data(Record, kw_only=True):
    """`recordId` is the candidate; the analysis id stands only in the URL."""

    candidate_id: Identifier = field(name="recordId")
    organization_id: Identifier
    external_candidate_id: Text | None = field(name="externalId", default=None)
    external_analysis_id: Text | None = None
    analysis_candidate_url: Text | None = None
    total_score_scaled: Number | None = None
    is_all_mandatory_requirements_met: bool | None = None
    requirement_outcomes: list[RequirementOutcome] | None = None


class CandidateAnalysisCompleted(Envelope, kw_only=True, tag="CANDIDATE_ANALYSIS_COMPLETED"):
    """The whole document."""

    data: Data


CONTRACT = Contract(
    PROVIDER,
    CandidateAnalysisCompleted,
    entity="candidate_id",
    description="The CV of one candidate was analysed; it may happen again.",
)
