"""What happened to each candidate, as values. Everything the simulator knows is in here: bodies are written
from it, and the truth is counted from it. Instants are UTC with milliseconds and never later than the end of
the simulation; what would have happened after it is not there.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pipelines.simulate.world import Campaign, Organization, Workflow

QuestionOutcome = Literal["PASSED", "FAILED", "NOT_COMPLETED"]
FrictionKind = Literal["MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND"]
Change = Literal["SCHEDULED", "RESCHEDULED", "UPDATED", "CANCELLED", "HELD"]
RunResult = Literal["COMPLETED", "FAILED", "CANCELLED"]

PASSED = "COMPLETED_SCREENING_PASSED"
FAILED = "COMPLETED_SCREENING_FAILED"
NOT_INTERESTED = "COMPLETED_CANDIDATE_NOT_INTERESTED"
CLOSED = "CLOSED"
BARE = "COMPLETED"
UNSEEN = "COMPLETED_REFERRED_ELSEWHERE"
"""A status that the documents do not name; such enumerations are open."""


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate."""

    first_name: str
    last_name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one screening question."""

    question: str
    summary: str | None
    outcome: QuestionOutcome


@dataclass(frozen=True, slots=True)
class Ending:
    """The provider declared the conversation complete. It may do so more than once, and without a status."""

    at: datetime
    status: str | None
    score: float | None = None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """One sequence of nudges ended without a reply."""

    at: datetime
    nudges_sent: int


@dataclass(frozen=True, slots=True)
class Review:
    """A person was asked to look."""

    at: datetime
    reason: str | None
    human_takeover: bool = False
    return_day: date | None = None


@dataclass(frozen=True, slots=True)
class Friction:
    """No time suited. The provider tells it on two channels, of which a subscriber may have only one."""

    kind: FrictionKind
    calendar_at: datetime | None
    review_at: datetime | None

    def told_at(self) -> tuple[datetime, ...]:
        """When the subscriber was told, on either channel."""
        return tuple(at for at in (self.calendar_at, self.review_at) if at is not None)


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a booking; `starts_at` is the time of the meeting after it."""

    at: datetime
    change: Change
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """One booking, from its first move to its last. There is at least one."""

    booking_id: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation with a candidate, or with an interviewer where the campaign asks for availability."""

    number: str
    campaign: Campaign
    person: Person
    queued_at: datetime | None = None
    failed_to_start_at: datetime | None = None
    started_at: datetime | None = None
    endings: tuple[Ending, ...] = ()
    opted_out_at: datetime | None = None
    exhaustions: tuple[Exhaustion, ...] = ()
    reviews: tuple[Review, ...] = ()
    frictions: tuple[Friction, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    uploaded_at: datetime | None = None

    @property
    def id(self) -> str:
        """The conversation id, unique within its organization only."""
        return f"conv_{self.number}"

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class LooseBooking:
    """A booking made without any conversation."""

    number: str
    campaign: Campaign
    person: Person
    meeting: Meeting

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a run that ended."""

    at: datetime
    id: str
    type: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RunEnding:
    """How a run ended."""

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

    @property
    def id(self) -> str:
        """The run id, unique within its organization only."""
        return f"run_{self.number}"

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class UnresolvedContact:
    """A contact that no run was begun for; with `running_run_id` because that other run still goes on."""

    number: str
    workflow: Workflow
    at: datetime
    running_run_id: str | None

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of a workflow went live."""

    number: str
    workflow: Workflow
    at: datetime

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.workflow.organization


@dataclass(frozen=True, slots=True)
class Verdict:
    """One analysis of a CV; `met` follows the order of the requirements."""

    at: datetime
    score: float | None
    met: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """A candidate whose CV was analysed, once or again after the requirements changed."""

    number: str
    organization: Organization
    created_at: datetime
    verdicts: tuple[Verdict, ...]


Journey = Conversation | LooseBooking | Run | UnresolvedContact | Publication | Analysis
