"""Draws journeys of every kind, on and on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from pipelines.simulate.journeys.conversations import draw_conversation
from pipelines.simulate.journeys.meetings import draw_meetings
from pipelines.simulate.journeys.model import Analysis, LooseBooking, Verdict
from pipelines.simulate.journeys.people import draw_person, draw_score
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.journeys.workflow_model import Publication, UnresolvedContact
from pipelines.simulate.journeys.workflow_runs import draw_run
from pipelines.simulate.world.calendar_edges import beginning
from pipelines.simulate.world.rng import IdSequence, SeededRandom
from pipelines.simulate.world.sample_texts import REQUIREMENTS
from pipelines.simulate.world.tenants import (
    CAMPAIGN_WEIGHTS,
    CAMPAIGNS,
    ORGANIZATIONS,
    WORKFLOWS,
    Organization,
)

RUNNING = (*WORKFLOWS, *WORKFLOWS[:5])
"""Most runs are of one that ends."""
MET: tuple[tuple[bool | None, float], ...] = ((True, 68), (False, 29), (None, 3))
SPAN = timedelta(days=45)
"""Default length of the simulated period."""

KINDS = (
    ("conversation", 72.0),
    ("run", 17.0),
    ("analysis", 6.0),
    ("contact", 2.5),
    ("booking", 2.0),
    ("version", 0.5),
)


def tag_of(seed: int, end: datetime) -> str:
    """Six characters that keep the ids of one simulation apart from those of another."""
    return sha256(f"{seed} {end.isoformat()}".encode()).hexdigest()[:6]


def draw_journeys(dice: SeededRandom, numbers: IdSequence, span: timedelta = SPAN) -> Iterator[Journey]:
    """Journeys without end, each begun within the span before the end of the simulated time."""
    runs: dict[str, str] = {}
    while True:
        at = beginning(dice, span)
        match dice.weighted(KINDS):
            case "conversation":
                campaign = dice.rng.choices(CAMPAIGNS, CAMPAIGN_WEIGHTS)[0]
                yield draw_conversation(dice, _number(numbers, campaign.organization), campaign, at)
            case "run":
                workflow = dice.pick(RUNNING)
                run = draw_run(dice, _number(numbers, workflow.organization), workflow, at)
                runs[workflow.organization.id] = run.id
                yield run
            case "contact":
                yield _contact(dice, numbers, runs, at)
            case "booking":
                yield _loose_booking(dice, numbers, at)
            case "version":
                workflow = dice.pick(WORKFLOWS)
                yield Publication(_number(numbers, workflow.organization), workflow, at)
            case _:
                yield _analysis(dice, numbers, at)


def _number(numbers: IdSequence, organization: Organization) -> str:
    return numbers.take(organization.id, organization.series)


def _contact(
    dice: SeededRandom, numbers: IdSequence, runs: dict[str, str], at: datetime
) -> UnresolvedContact:
    """Not resolved, sometimes tried again, or skipped for another run: the newest known, or an older one."""
    workflow = dice.pick(WORKFLOWS)
    number = _number(numbers, workflow.organization)
    if dice.chance(0.5):
        times = (at, dice.after(at, 1, 90)) if dice.chance(0.3) else (at,)
        return UnresolvedContact(number, workflow, tuple(each for each in times if dice.known(each)), None)
    running = runs.get(workflow.organization.id) if dice.chance(0.5) else None
    return UnresolvedContact(number, workflow, (at,), running or f"run_before_{number}")


def _loose_booking(dice: SeededRandom, numbers: IdSequence, at: datetime) -> LooseBooking:
    campaign = dice.pick(CAMPAIGNS)
    number = _number(numbers, campaign.organization)
    meeting = draw_meetings(dice, campaign, number, at)[0]
    return LooseBooking(number, campaign, draw_person(dice, number), meeting)


def _analysis(dice: SeededRandom, numbers: IdSequence, at: datetime) -> Analysis:
    """Created, then analysed once; a quarter again after the requirements changed."""
    organization = dice.pick(ORGANIZATIONS)
    number = _number(numbers, organization)
    first = dice.after(at, 0.01, 2)
    moments = (first, dice.after(first, 20, 200)) if dice.chance(0.25) else (first,)
    return Analysis(number, organization, at, dice.happened(_verdict(dice, moment) for moment in moments))


def _verdict(dice: SeededRandom, at: datetime) -> Verdict:
    met = tuple(dice.weighted(MET) for _ in REQUIREMENTS)
    score = draw_score(dice, passed=met.count(True) > 2)
    return Verdict(at, score, met)
