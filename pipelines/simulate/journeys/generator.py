"""Draw an endless sequence of simulated journeys of every kind."""

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
from pipelines.simulate.world.calendar_edges import draw_first_instant
from pipelines.simulate.world.rng import IdSequence, SeededRandom
from pipelines.simulate.world.sample_texts import REQUIREMENTS
from pipelines.simulate.world.tenants import (
    CAMPAIGN_WEIGHTS,
    CAMPAIGNS,
    ORGANIZATIONS,
    WORKFLOWS,
    Organization,
)

RUN_WORKFLOWS = (*WORKFLOWS, *WORKFLOWS[:5])
"""Workflows that runs are drawn from; those whose runs end are listed twice."""
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
    """Prefix of six characters for the ids of a simulation, different for each seed and end."""
    return sha256(f"{seed} {end.isoformat()}".encode()).hexdigest()[:6]


def draw_journeys(dice: SeededRandom, numbers: IdSequence, span: timedelta = SPAN) -> Iterator[Journey]:
    """Yield journeys without end. Each starts less than `span` before the end of the simulation."""
    runs: dict[str, str] = {}
    while True:
        at = draw_first_instant(dice, span)
        match dice.weighted(KINDS):
            case "conversation":
                campaign = dice.rng.choices(CAMPAIGNS, CAMPAIGN_WEIGHTS)[0]
                yield draw_conversation(dice, _take_number(numbers, campaign.organization), campaign, at)
            case "run":
                workflow = dice.pick(RUN_WORKFLOWS)
                run = draw_run(dice, _take_number(numbers, workflow.organization), workflow, at)
                runs[workflow.organization.id] = run.id
                yield run
            case "contact":
                yield _draw_contact(dice, numbers, runs, at)
            case "booking":
                yield _draw_loose_booking(dice, numbers, at)
            case "version":
                workflow = dice.pick(WORKFLOWS)
                yield Publication(_take_number(numbers, workflow.organization), workflow, at)
            case _:
                yield _draw_analysis(dice, numbers, at)


def _take_number(numbers: IdSequence, organization: Organization) -> str:
    return numbers.take(organization.id, organization.series)


def _draw_contact(
    dice: SeededRandom, numbers: IdSequence, runs: dict[str, str], at: datetime
) -> UnresolvedContact:
    """Draw a contact that failed to resolve, or was skipped because of an active run.

    The active run is the latest drawn run of the organization, or one before the simulation.
    """
    workflow = dice.pick(WORKFLOWS)
    number = _take_number(numbers, workflow.organization)
    if dice.chance(0.5):
        times = (at, dice.after(at, 1, 90)) if dice.chance(0.3) else (at,)
        return UnresolvedContact(
            number, workflow, tuple(each for each in times if dice.unless_after_end(each)), None
        )
    running = runs.get(workflow.organization.id) if dice.chance(0.5) else None
    return UnresolvedContact(number, workflow, (at,), running or f"run_before_{number}")


def _draw_loose_booking(dice: SeededRandom, numbers: IdSequence, at: datetime) -> LooseBooking:
    campaign = dice.pick(CAMPAIGNS)
    number = _take_number(numbers, campaign.organization)
    meeting = draw_meetings(dice, campaign, number, at)[0]
    return LooseBooking(number, campaign, draw_person(dice, number), meeting)


def _draw_analysis(dice: SeededRandom, numbers: IdSequence, at: datetime) -> Analysis:
    """Draw a CV analysis with one verdict; 25 % have a second one after the requirements changed."""
    organization = dice.pick(ORGANIZATIONS)
    number = _take_number(numbers, organization)
    first = dice.after(at, 0.01, 2)
    moments = (first, dice.after(first, 20, 200)) if dice.chance(0.25) else (first,)
    return Analysis(
        number, organization, at, dice.only_before_end(_draw_verdict(dice, moment) for moment in moments)
    )


def _draw_verdict(dice: SeededRandom, at: datetime) -> Verdict:
    met = tuple(dice.weighted(MET) for _ in REQUIREMENTS)
    score = draw_score(dice, passed=met.count(True) > 2)
    return Verdict(at, score, met)
