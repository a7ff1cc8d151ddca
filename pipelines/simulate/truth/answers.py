"""What was answered, how people scored, what CVs showed: told from what happened, never from an event."""

from collections.abc import Iterator

from pipelines.simulate.journeys.model import Ending, Verdict
from pipelines.simulate.truth.booking_facts import Where
from pipelines.simulate.truth.conversation_facts import Talk
from pipelines.simulate.truth.facts import Facts
from pipelines.simulate.truth.placement import HIT, MISS, Placed, columns_of
from pipelines.simulate.truth.statistics import band_of
from pipelines.simulate.world.sample_texts import REQUIREMENTS

ANSWERED = {"PASSED": HIT, "FAILED": MISS, "NOT_COMPLETED": "not_completed", None: "unspecified"}
MET = {True: HIT, False: MISS, None: "unknown"}


def questions(facts: Facts) -> Iterator[Placed]:
    """Every answer of the last screening that has any."""
    for talk in facts.talks:
        answered = [ending for ending in talk.story.endings if ending.answers]
        if answered:
            yield from _answers(talk, max(answered, key=lambda ending: ending.at))


def _answers(talk: Talk, ending: Ending) -> Iterator[Placed]:
    legacy = talk.story.organization.legacy
    campaign = talk.story.campaign
    where = Where(talk.where.organization_id) if legacy else talk.where._replace(campaign_id=campaign.id)
    for answer in ending.answers:
        # the older shape leaves out what was not answered
        if not (legacy and answer.outcome == "NOT_COMPLETED"):
            bucket = ANSWERED.get(answer.outcome, "other_outcome")
            yield Placed(where, ending.at, columns_of(bucket), own=(answer.question,))


def scores(facts: Facts) -> Iterator[Placed]:
    """Every decision with the score that came with it."""
    for talk in facts.talks:
        if talk.decision:
            score = talk.decision.score
            value, columns = _scored(score, "excluded_no_score", "excluded_out_of_range", "denominator")
            columns = ("population", *columns)
            yield Placed(talk.where, talk.decision.at, columns, own=(talk.outcome,), value=value)


def analyses(facts: Facts) -> Iterator[Placed]:
    """The last analysis of each CV."""
    for where, verdict in _verdicts(facts):
        value, columns = _scored(verdict.score, "no_score", "score_out_of_range", "scored")
        yield Placed(where, verdict.at, (*columns_of(MET[verdict.all_met]), *columns), value=value)


def requirements(facts: Facts) -> Iterator[Placed]:
    """Every requirement of the last analysis of each CV."""
    for where, verdict in _verdicts(facts):
        for (requirement, mandatory, _), met in zip(REQUIREMENTS, verdict.met, strict=True):
            yield Placed(where, verdict.at, columns_of(MET[met]), own=(requirement, mandatory))


def _verdicts(facts: Facts) -> Iterator[tuple[Where, Verdict]]:
    for story in facts.analyses:
        if story.verdicts:
            yield Where(story.organization.id), max(story.verdicts, key=lambda verdict: verdict.at)


def _scored(score: float | None, none: str, out: str, counted: str) -> tuple[float | None, tuple[str, ...]]:
    """The score if it is one, and the columns that it counts in."""
    if score is None:
        return None, (none,)
    return (score, (counted, band_of(score))) if 0 <= score <= 100 else (None, (out,))
