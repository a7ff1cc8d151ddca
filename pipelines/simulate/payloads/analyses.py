"""Write the webhook events of simulated CV analyses."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Analysis, Verdict
from pipelines.simulate.payloads.payload import Data, EventPayload, present
from pipelines.simulate.world.sample_texts import REQUIREMENTS


def analysis_notices(story: Analysis) -> Iterator[EventPayload]:
    """Yield one event for the created analysis, then one for each verdict, whose record is the candidate."""
    organization = {"organizationId": story.organization.id}
    created = {"recordId": f"analysis_{story.number}", **organization}
    yield EventPayload("ANALYSIS_CREATED", story.created_at, created)
    for verdict in story.verdicts:
        data = {"recordId": f"cand_{story.number}", **organization, **_verdict(story, verdict)}
        yield EventPayload("CANDIDATE_ANALYSIS_COMPLETED", verdict.at, data)


def _verdict(story: Analysis, verdict: Verdict) -> Data:
    outcomes = [_outcome(position, met) for position, met in enumerate(verdict.met)]
    url = f"https://{story.organization.host}/ranks/analysis_{story.number}?candidateId=cand_{story.number}"
    return {
        "externalId": f"ats-cand-{story.number}",
        "externalAnalysisId": f"job-{story.number[-2:]}",
        "analysisCandidateUrl": url,
        "totalScoreScaled": verdict.score,
        **present(isAllMandatoryRequirementsMet=verdict.all_met),
        "requirementOutcomes": outcomes,
    }


def _outcome(position: int, met: bool | None) -> Data:
    requirement, mandatory, evidence = REQUIREMENTS[position]
    proof = {"evidence": evidence} if met else {}
    return {"requirement": requirement, "isMandatory": mandatory, **present(isMet=met), **proof}
