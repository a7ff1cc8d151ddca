"""Contracts of events about analyses of CVs. They share only the fields that every Popp event has."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import (
    Identifier,
    Number,
    PersonalText,
    Record,
    Text,
    documented,
    guess,
    shown,
)
from pipelines.contracts.popp.envelope import STRUCTURE_PAGE, EventData, PoppDocument
from pipelines.contracts.popp.provider import PROVIDER

PAGE = "Popp, Analysis Events"


class AnalysisCreatedData(EventData, kw_only=True):
    """Fields of `data`; that `recordId` is the analysis is a guess."""

    analysis_id: Annotated[
        Identifier,
        documented("the resource of the event; that it is the analysis is a guess", STRUCTURE_PAGE),
    ] = field(name="recordId")
    external_analysis_id: Annotated[Text | None, guess("the customer's own id of the analysis")] = None


class AnalysisCreated(PoppDocument, kw_only=True, tag="ANALYSIS_CREATED"):
    """A batch of candidate analyses was created; only the two ids are certain."""

    data: AnalysisCreatedData


class RequirementOutcome(Record, kw_only=True):
    """Result of one requirement; evidence is absent where the requirement is not met."""

    requirement: Annotated[Text, shown("the requirement; it has no id", PAGE)]
    is_mandatory: Annotated[bool | None, shown("must be met, not merely nice to have", PAGE)] = None
    is_met: Annotated[bool | None, shown("the CV shows it", PAGE)] = None
    evidence: Annotated[
        PersonalText | None, shown("passage of the CV that shows it; absent where it is not met", PAGE)
    ] = None


class CandidateAnalysisCompletedData(EventData, kw_only=True):
    """Fields of `data`; `recordId` is the candidate, and the analysis id is only in the URL."""

    candidate_id: Annotated[Identifier, shown("the candidate, not the analysis", PAGE)] = field(
        name="recordId"
    )
    external_candidate_id: Annotated[
        Text | None, documented("the customer's own id of the candidate, not of a conversation", PAGE)
    ] = field(name="externalId", default=None)
    external_analysis_id: Annotated[
        Text | None, documented("the customer's own id of the analysis", PAGE)
    ] = None
    analysis_candidate_url: Annotated[
        Text | None, documented("Popp's page of the result; nothing else has the analysis id", PAGE)
    ] = None
    total_score_scaled: Annotated[Number | None, documented("score, 0 to 100 with decimals", PAGE)] = None
    is_all_mandatory_requirements_met: Annotated[
        bool | None, documented("every mandatory requirement is met", PAGE)
    ] = None
    requirement_outcomes: Annotated[
        list[RequirementOutcome] | None, documented("result of each requirement", PAGE)
    ] = None


class CandidateAnalysisCompleted(PoppDocument, kw_only=True, tag="CANDIDATE_ANALYSIS_COMPLETED"):
    """The CV of one candidate was analysed; it may happen again."""

    data: CandidateAnalysisCompletedData


CONTRACTS = (
    Contract(PROVIDER, AnalysisCreated, entity="analysis_id"),
    Contract(PROVIDER, CandidateAnalysisCompleted, entity="candidate_id"),
)
