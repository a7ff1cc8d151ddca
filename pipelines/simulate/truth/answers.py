"""Truth of screening answers, scores and CVs. Computed from journeys, never from events."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Ending, Verdict
from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, CountedMember, columns_of
from pipelines.simulate.truth.statistics import band_of
from pipelines.simulate.world.sample_texts import REQUIREMENTS

ANSWERED = {"PASSED": HIT, "FAILED": MISS, "NOT_COMPLETED": "not_completed", None: "unspecified"}
MET = {True: HIT, False: MISS, None: "unknown"}


def questions(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every answer of the last screening that has any."""
    for talk in facts.talks:
        answered = [ending for ending in talk.story.endings if ending.answers]
        if answered:
            yield from _answers(talk, max(answered, key=lambda ending: ending.at))


def _answers(talk: ConversationFacts, ending: Ending) -> Iterator[CountedMember]:
    legacy = talk.story.organization.legacy
    campaign = talk.story.campaign
    where = Dimensions(talk.where.organization_id) if legacy else talk.where._replace(campaign_id=campaign.id)
    for answer in ending.answers:
        # the older shape leaves out what was not answered
        if not (legacy and answer.outcome == "NOT_COMPLETED"):
            bucket = ANSWERED.get(answer.outcome, "other_outcome")
            yield CountedMember(where, ending.at, columns_of(bucket), own=(answer.question,))


def scores(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every decision with the score that came with it."""
    for talk in facts.talks:
        if talk.decision:
            score = talk.decision.score
            value, columns = _scored(score, "excluded_no_score", "excluded_out_of_range", "denominator")
            columns = ("population", *columns)
            yield CountedMember(talk.where, talk.decision.at, columns, own=(talk.outcome,), value=value)


def analyses(facts: SimulationFacts) -> Iterator[CountedMember]:
    """The last analysis of each CV."""
    for where, verdict in _verdicts(facts):
        value, columns = _scored(verdict.score, "no_score", "score_out_of_range", "scored")
        yield CountedMember(where, verdict.at, (*columns_of(MET[verdict.all_met]), *columns), value=value)


def requirements(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every requirement of the last analysis of each CV."""
    for where, verdict in _verdicts(facts):
        for (requirement, mandatory, _), met in zip(REQUIREMENTS, verdict.met, strict=True):
            yield CountedMember(where, verdict.at, columns_of(MET[met]), own=(requirement, mandatory))


def _verdicts(facts: SimulationFacts) -> Iterator[tuple[Dimensions, Verdict]]:
    for story in facts.analyses:
        if story.verdicts:
            yield Dimensions(story.organization.id), max(story.verdicts, key=lambda verdict: verdict.at)


def _scored(score: float | None, none: str, out: str, counted: str) -> tuple[float | None, tuple[str, ...]]:
    """The score if it is one, and the columns that it counts in."""
    if score is None:
        return None, (none,)
    return (score, (counted, band_of(score))) if 0 <= score <= 100 else (None, (out,))
