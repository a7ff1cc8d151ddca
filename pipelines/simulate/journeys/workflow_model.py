"""Workflow journeys, as values like those of `model`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.simulate.world.tenants import Organization, Workflow

RunResult = Literal["COMPLETED", "FAILED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a run that ended; not every workflow names its nodes."""

    at: datetime
    id: str | None
    type: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class RunEnding:
    """Outcome of a workflow run."""

    at: datetime
    result: RunResult
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One candidate's way through a workflow. `lag_seconds` is from an event to the provider's envelope."""

    number: str
    workflow: Workflow
    lag_seconds: float
    resolved_at: datetime | None
    started_at: datetime | None
    nodes: tuple[Node, ...]
    endings: tuple[RunEnding, ...]
    start_told: bool = True

    @property
    def told_started_at(self) -> datetime | None:
        """Start time that the delivered events report."""
        return self.started_at if self.start_told else None

    @property
    def id(self) -> str:
        """The run id, unique within its organization only."""
        return f"run_{self.number}"

    @property
    def organization(self) -> Organization:
        """Owner of the entity."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class UnresolvedContact:
    """A contact that no run was begun for, as often as `times` says; with `running_run_id` because that other
    run still continues."""

    number: str
    workflow: Workflow
    times: tuple[datetime, ...]
    running_run_id: str | None

    @property
    def organization(self) -> Organization:
        """Owner of the entity."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of a workflow went live."""

    number: str
    workflow: Workflow
    at: datetime

    @property
    def organization(self) -> Organization:
        """Owner of the entity."""
        return self.workflow.organization
