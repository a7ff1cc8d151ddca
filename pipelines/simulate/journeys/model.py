"""Candidate journeys, as values. Everything the simulator knows is in here: bodies are written
from it, and the truth is counted from it. Instants are UTC with milliseconds and never later than the end of
the simulation; what would have happened after it is not there. `..._told` is False where the provider's event
of it never came: it happened, and nobody was told.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pipelines.simulate.world.sample_texts import REQUIREMENTS
from pipelines.simulate.world.tenants import Campaign, Organization

QuestionOutcome = Literal["PASSED", "FAILED", "NOT_COMPLETED", "ANSWERED_ELSEWHERE"]
FrictionKind = Literal["MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND"]
Change = Literal["SCHEDULED", "RESCHEDULED", "UPDATED", "CANCELLED", "HELD"]

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
class ScreeningAnswer:
    """Outcome of one screening question."""

    question: str
    summary: str | None
    outcome: QuestionOutcome | None


@dataclass(frozen=True, slots=True)
class Ending:
    """The provider declared the conversation complete. It may do so more than once, and without a status."""

    at: datetime
    status: str | None
    score: float | None = None
    answers: tuple[ScreeningAnswer, ...] = ()


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
        """Delivery time, on either channel."""
        return tuple(at for at in (self.calendar_at, self.review_at) if at is not None)


@dataclass(frozen=True, slots=True)
class BookingChange:
    """One change of a booking; `starts_at` is the time of the meeting after it."""

    at: datetime
    change: Change
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class SimulatedMeeting:
    """One booking, from its first move to its last. There is at least one."""

    booking_id: str
    moves: tuple[BookingChange, ...]
    first_told: bool = True

    @property
    def told(self) -> tuple[BookingChange, ...]:
        """The moves that the subscriber was told of."""
        return self.moves if self.first_told else self.moves[1:]


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
    meetings: tuple[SimulatedMeeting, ...] = ()
    uploaded_at: datetime | None = None
    queue_told: bool = True
    start_told: bool = True

    @property
    def told_queued_at(self) -> datetime | None:
        """Queue time that the delivered events report."""
        return self.queued_at if self.queue_told else None

    @property
    def told_started_at(self) -> datetime | None:
        """Start time that the delivered events report."""
        return self.started_at if self.start_told else None

    @property
    def id(self) -> str:
        """The conversation id, unique within its organization only."""
        return f"conv_{self.number}"

    @property
    def organization(self) -> Organization:
        """Owner of the entity."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class LooseBooking:
    """A booking made without any conversation."""

    number: str
    campaign: Campaign
    person: Person
    meeting: SimulatedMeeting

    @property
    def organization(self) -> Organization:
        """Owner of the entity."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class Verdict:
    """One analysis of a CV; `met` follows the order of the requirements, None where it could not tell."""

    at: datetime
    score: float | None
    met: tuple[bool | None, ...]

    @property
    def all_met(self) -> bool | None:
        """Return whether every mandatory requirement is met; None where one of them is not known."""
        needed = [met for met, (_, mandatory, _) in zip(self.met, REQUIREMENTS, strict=True) if mandatory]
        return None if None in needed else all(needed)


@dataclass(frozen=True, slots=True)
class Analysis:
    """A candidate whose CV was analysed, once or again after the requirements changed."""

    number: str
    organization: Organization
    created_at: datetime
    verdicts: tuple[Verdict, ...]
