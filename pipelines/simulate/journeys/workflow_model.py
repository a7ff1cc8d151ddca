"""Journeys of workflow runs as immutable values, like those in `model`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.simulate.world.tenants import Organization, Workflow

RunResult = Literal["COMPLETED", "FAILED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Node:
    """Completed node of a run; `id` and `type` are None when the workflow omits them."""

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
    """Workflow run of one candidate.

    `lag_seconds` is the time from an event to the time in the provider's envelope.
    """

    number: str
    workflow: Workflow
    lag_seconds: float
    resolved_at: datetime | None
    started_at: datetime | None
    nodes: tuple[Node, ...]
    endings: tuple[RunEnding, ...]
    start_delivered: bool = True

    @property
    def delivered_started_at(self) -> datetime | None:
        """Start time, None when its event is not delivered."""
        return self.started_at if self.start_delivered else None

    @property
    def id(self) -> str:
        """Run id, unique within its organization only."""
        return f"run_{self.number}"

    @property
    def organization(self) -> Organization:
        """Organization that owns the journey."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class UnresolvedContact:
    """Contact for which no run was started, with one event at each of `times`.

    With `running_run_id` the contact was skipped because that run was active; without, its resolution failed.
    """

    number: str
    workflow: Workflow
    times: tuple[datetime, ...]
    running_run_id: str | None

    @property
    def organization(self) -> Organization:
        """Organization that owns the journey."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class Publication:
    """Publication of a workflow version."""

    number: str
    workflow: Workflow
    at: datetime

    @property
    def organization(self) -> Organization:
        """Organization that owns the journey."""
        return self.workflow.organization
