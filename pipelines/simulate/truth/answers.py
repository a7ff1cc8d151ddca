"""Truth about screening answers, scores and CV analyses, computed from journeys, not from events."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Ending, Verdict
from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, CountedMember, columns_of
from pipelines.simulate.truth.statistics import band_of
from pipelines.simulate.world.sample_texts import REQUIREMENTS

ANSWER_BUCKETS = {"PASSED": HIT, "FAILED": MISS, "NOT_COMPLETED": "not_completed", None: "unspecified"}
REQUIREMENT_BUCKETS = {True: HIT, False: MISS, None: "unknown"}


def questions(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each answer in the last ending with answers of each conversation."""
    for talk in facts.conversations:
        answered = [ending for ending in talk.story.endings if ending.answers]
        if answered:
            yield from _answer_members(talk, max(answered, key=lambda ending: ending.at))


def _answer_members(talk: ConversationFacts, ending: Ending) -> Iterator[CountedMember]:
    legacy = talk.story.organization.legacy
    campaign = talk.story.campaign
    where = Dimensions(talk.where.organization_id) if legacy else talk.where._replace(campaign_id=campaign.id)
    for answer in ending.answers:
        # the legacy envelope omits unanswered questions
        if not (legacy and answer.outcome == "NOT_COMPLETED"):
            bucket = ANSWER_BUCKETS.get(answer.outcome, "other_outcome")
            yield CountedMember(where, ending.at, columns_of(bucket), own=(answer.question,))


def scores(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for the last decision of each conversation, with its score."""
    for talk in facts.conversations:
        if talk.decision:
            score = talk.decision.score
            value, columns = _score_and_columns(
                score, "excluded_no_score", "excluded_out_of_range", "denominator"
            )
            columns = ("population", *columns)
            yield CountedMember(talk.where, talk.decision.at, columns, own=(talk.outcome,), value=value)


def analyses(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for the last verdict of each CV analysis."""
    for where, verdict in _last_verdicts(facts):
        value, columns = _score_and_columns(verdict.score, "no_score", "score_out_of_range", "scored")
        yield CountedMember(
            where, verdict.at, (*columns_of(REQUIREMENT_BUCKETS[verdict.all_met]), *columns), value=value
        )


def requirements(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each requirement in the last verdict of each CV analysis."""
    for where, verdict in _last_verdicts(facts):
        for (requirement, mandatory, _), met in zip(REQUIREMENTS, verdict.met, strict=True):
            yield CountedMember(
                where, verdict.at, columns_of(REQUIREMENT_BUCKETS[met]), own=(requirement, mandatory)
            )


def _last_verdicts(facts: SimulationFacts) -> Iterator[tuple[Dimensions, Verdict]]:
    for story in facts.analyses:
        if story.verdicts:
            yield Dimensions(story.organization.id), max(story.verdicts, key=lambda verdict: verdict.at)


def _score_and_columns(
    score: float | None, none: str, out: str, counted: str
) -> tuple[float | None, tuple[str, ...]]:
    """Return `(score, columns)`: the score if from 0 to 100, else None, and the columns that count it."""
    if score is None:
        return None, (none,)
    return (score, (counted, band_of(score))) if 0 <= score <= 100 else (None, (out,))
