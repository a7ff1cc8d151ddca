"""Journeys written by hand: conversations and runs that begin on Monday, 2 March 2026."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.simulate.journeys.model import Conversation, Exhaustion, Person
from pipelines.simulate.journeys.workflow_model import Run, RunEnding
from pipelines.simulate.world.tenants import CAMPAIGNS, WORKFLOWS

SCREENING, INTERVIEWERS, SCHEDULING = CAMPAIGNS[0], CAMPAIGNS[3], CAMPAIGNS[2]
ANA = Person("Ana", "Sousa", None)
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


def later(hours: float) -> datetime:
    """So many hours after `MONDAY`."""
    return MONDAY + timedelta(hours=hours)


def talk(number: str = "1", campaign: Any = SCREENING, **what: Any) -> Conversation:
    """A conversation that starts on Monday."""
    return Conversation(number, campaign, ANA, started_at=MONDAY, **what)


def run(*endings: RunEnding) -> Run:
    """A workflow run that starts on Monday."""
    return Run("1", WORKFLOWS[0], 0, resolved_at=later(-20), started_at=MONDAY, nodes=(), endings=endings)


PASSED, FAILED, CLOSED, BARE = (
    f"COMPLETED_SCREENING_{word}" if word in ("PASSED", "FAILED") else word
    for word in ("PASSED", "FAILED", "CLOSED", "COMPLETED")
)
TWICE = (Exhaustion(later(48), 3), Exhaustion(later(96), 3))
