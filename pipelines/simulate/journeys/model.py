"""Candidate journeys as immutable values. Bodies are written from them, and the truth is counted from them.

Instants are UTC with milliseconds and never later than the end of the simulation; later events are omitted.
`..._delivered` is False when something happened but the provider's event of it is never delivered.
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
"""Undocumented status; the provider may add statuses."""


@dataclass(frozen=True, slots=True)
class Person:
    """Simulated candidate."""

    first_name: str
    last_name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class ScreeningAnswer:
    """Answer to one screening question, with its outcome."""

    question: str
    summary: str | None
    outcome: QuestionOutcome | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Completion of a conversation. A conversation may have several, and an ending may lack a status."""

    at: datetime
    status: str | None
    score: float | None = None
    answers: tuple[ScreeningAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """End of a nudge sequence to which the candidate did not reply."""

    at: datetime
    nudges_sent: int


@dataclass(frozen=True, slots=True)
class Review:
    """Request of the provider that a person reviews the conversation."""

    at: datetime
    reason: str | None
    human_takeover: bool = False
    return_day: date | None = None


@dataclass(frozen=True, slots=True)
class Friction:
    """Failure to find a meeting time.

    The provider reports it with a calendar event, a review event or both; each is None when not sent.
    """

    kind: FrictionKind
    calendar_at: datetime | None
    review_at: datetime | None

    def event_times(self) -> tuple[datetime, ...]:
        """Return the times of its calendar and review events."""
        return tuple(at for at in (self.calendar_at, self.review_at) if at is not None)


@dataclass(frozen=True, slots=True)
class BookingChange:
    """Change of a booking; `starts_at` is the start of the meeting after this change."""

    at: datetime
    change: Change
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class SimulatedMeeting:
    """Simulated booking with its changes in order, at least one.

    `first_delivered` is False when the event of the first change is never delivered.
    """

    booking_id: str
    moves: tuple[BookingChange, ...]
    first_delivered: bool = True

    @property
    def delivered_changes(self) -> tuple[BookingChange, ...]:
        """Changes whose events are delivered."""
        return self.moves if self.first_delivered else self.moves[1:]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Simulated conversation with a candidate; in a campaign of type AVAILABILITY with an interviewer."""

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
    queue_delivered: bool = True
    start_delivered: bool = True

    @property
    def delivered_queued_at(self) -> datetime | None:
        """Queue time, None when its event is not delivered."""
        return self.queued_at if self.queue_delivered else None

    @property
    def delivered_started_at(self) -> datetime | None:
        """Start time, None when its event is not delivered."""
        return self.started_at if self.start_delivered else None

    @property
    def id(self) -> str:
        """Conversation id, unique within its organization only."""
        return f"conv_{self.number}"

    @property
    def organization(self) -> Organization:
        """Organization that owns the journey."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class LooseBooking:
    """Simulated booking that belongs to no conversation."""

    number: str
    campaign: Campaign
    person: Person
    meeting: SimulatedMeeting

    @property
    def organization(self) -> Organization:
        """Organization that owns the journey."""
        return self.campaign.organization


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of one CV analysis. `met` follows the order of `REQUIREMENTS`; None is an undecided one."""

    at: datetime
    score: float | None
    met: tuple[bool | None, ...]

    @property
    def all_met(self) -> bool | None:
        """Return whether every mandatory requirement is met; None when one of them is undecided."""
        needed = [met for met, (_, mandatory, _) in zip(self.met, REQUIREMENTS, strict=True) if mandatory]
        return None if None in needed else all(needed)


@dataclass(frozen=True, slots=True)
class Analysis:
    """CV analysis of a candidate; the second verdict, if any, follows a change of the requirements."""

    number: str
    organization: Organization
    created_at: datetime
    verdicts: tuple[Verdict, ...]
