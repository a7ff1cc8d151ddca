"""Draws people and what they answer."""

from pipelines.simulate.journeys.model import Person, QuestionOutcome, ScreeningAnswer
from pipelines.simulate.world.rng import SeededRandom
from pipelines.simulate.world.sample_texts import NAMES
from pipelines.simulate.world.tenants import Campaign

PHONE_ONLY = 0.15
UNANSWERED: tuple[tuple[QuestionOutcome | None, float], ...] = (
    ("NOT_COMPLETED", 92),
    ("ANSWERED_ELSEWHERE", 4),
    (None, 4),
)
"""Outcome of a question that was not asked; sometimes absent."""


def draw_person(dice: SeededRandom, number: str) -> Person:
    """Somebody; one in seven is reached by phone only."""
    first_names, last_names = dice.pick(NAMES)
    email = None if dice.chance(PHONE_ONLY) else f"p-{number}@example.test"
    return Person(dice.pick(first_names), dice.pick(last_names), email)


def draw_answers(dice: SeededRandom, campaign: Campaign, passed: bool) -> tuple[ScreeningAnswer, ...]:
    """An answer to each question; who fails, fails one at least and may leave the rest unanswered."""
    stop = len(campaign.questions) if passed else int(dice.rng.random() * len(campaign.questions))
    answers = []
    for position, question in enumerate(campaign.questions):
        outcome: QuestionOutcome | None = "PASSED"
        summary: str | None = question.passed
        if position == stop:
            outcome, summary = "FAILED", question.failed
        elif position > stop:
            outcome, summary = dice.weighted(UNANSWERED), None
        answers.append(ScreeningAnswer(question.text, summary, outcome))
    return tuple(answers)


def draw_score(dice: SeededRandom, passed: bool) -> float | None:
    """0 to 100; sometimes null, a real 0, with decimals, or a number that is no score."""
    if dice.chance(0.06):
        return None
    if dice.chance(0.08):
        return 0
    if dice.chance(0.01):
        return dice.pick((-1, 100.5, 640))
    score = 60 + int(dice.rng.random() * 41) if passed else int(dice.rng.random() * 60)
    return score + 0.5 if dice.chance(0.1) and score < 100 else score
