"""Draw simulated candidates, their screening answers and their scores."""

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
"""Outcomes of an unanswered question, as pairs `(outcome, weight)`; None is an absent outcome."""


def draw_person(dice: SeededRandom, number: str) -> Person:
    """Draw a person; one in seven has no email address."""
    first_names, last_names = dice.pick(NAMES)
    email = None if dice.chance(PHONE_ONLY) else f"p-{number}@example.test"
    return Person(dice.pick(first_names), dice.pick(last_names), email)


def draw_answers(dice: SeededRandom, campaign: Campaign, passed: bool) -> tuple[ScreeningAnswer, ...]:
    """Draw an answer to each question. A failed screening has one failed answer and none after it."""
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
    """Draw a score of 0 to 100; rarely None, a valid 0, a decimal, or a number outside the range."""
    if dice.chance(0.06):
        return None
    if dice.chance(0.08):
        return 0
    if dice.chance(0.01):
        return dice.pick((-1, 100.5, 640))
    score = 60 + int(dice.rng.random() * 41) if passed else int(dice.rng.random() * 60)
    return score + 0.5 if dice.chance(0.1) and score < 100 else score
