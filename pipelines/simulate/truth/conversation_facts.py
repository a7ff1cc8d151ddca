"""Facts of a conversation that follow from the delivered events.

The first event about something may never come. It is known all the same by what follows, from the earliest of
that on; what nothing follows is not known to anybody, and counts nowhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from pipelines.simulate.journeys.model import (
    BARE,
    CLOSED,
    FAILED,
    NOT_INTERESTED,
    PASSED,
    Conversation,
    Ending,
)
from pipelines.simulate.truth.booking_facts import Booking, Dimensions, bookings_of
from pipelines.simulate.world.tenants import SCHEDULING

OUTCOMES = MappingProxyType(
    {
        PASSED: "passed",
        FAILED: "failed",
        NOT_INTERESTED: "not_interested",
        CLOSED: "closed",
        BARE: "completed_undecided",
    }
)
PRECEDENCE = (
    ("passed", "failed"),
    ("not_interested",),
    ("opted_out",),
    ("closed",),
    ("completed_undecided",),
    ("other_status",),
)
"""Items by weight, largest first."""

CampaignKey = tuple[str, str]
"""Organization and campaign: two organizations number theirs alike."""


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """One conversation. `moments` is when anything about it was told, `campaign_type` None where nobody
    knows it, `outcome_at` None for those that wait or continue."""

    story: Conversation
    where: Dimensions
    known_at: datetime
    has_started: bool
    outcome: str
    outcome_at: datetime | None
    campaign_type: str | None
    bookings: tuple[Booking, ...]
    frictions: tuple[datetime, ...]
    moments: tuple[datetime, ...]

    @property
    def booked_at(self) -> datetime | None:
        """The first booking."""
        return min((booking.known_at for booking in self.bookings), default=None)

    @property
    def signal_at(self) -> datetime | None:
        """The last time that it was not booked: no time suited, or nobody answered an invitation."""
        silent = self.story.exhaustions if self.story.campaign.kind == SCHEDULING else ()
        return max((*self.frictions, *(exhaustion.at for exhaustion in silent)), default=None)

    @property
    def exhausted_at(self) -> datetime | None:
        """The first time that it was nudged in vain."""
        return min((exhaustion.at for exhaustion in self.story.exhaustions), default=None)

    @property
    def decision(self) -> Ending | None:
        """The last decision."""
        return max(decisions, key=lambda end: end.at) if (decisions := _decisions(self.story)) else None

    @property
    def started_inferred(self) -> bool:
        """Return whether it is known to have started only by what followed."""
        return self.has_started and self.story.told_started_at is None


def talk_of(story: Conversation, typed: Collection[CampaignKey]) -> ConversationFacts | None:
    """The conversation, None where nobody can know of it. `typed` are the campaigns whose type is known."""
    proofs, waiting = _proofs(story), _waiting(story)
    known = [at for at in (story.told_started_at, *waiting, *proofs) if at]
    if not known:
        return None
    started = bool(story.told_started_at or proofs)
    outcome, outcome_at = _outcome(story, started)
    where = _where(story)
    return ConversationFacts(
        story,
        where,
        story.told_started_at or min(known),
        started,
        outcome,
        outcome_at,
        story.campaign.kind if (where.organization_id, where.campaign_id) in typed else None,
        bookings_of(where, story.meetings),
        tuple(sorted(at for friction in story.frictions for at in friction.told_at())),
        tuple(sorted(known)),
    )


def typed_campaign(story: Conversation) -> CampaignKey | None:
    """The campaign, if this conversation tells of what type it is: only one nudged in vain does."""
    told = story.exhaustions and story.campaign.kind
    return (story.organization.id, story.campaign.id) if told else None


def _outcome(story: Conversation, started: bool) -> tuple[str, datetime | None]:
    reached = [(end.at, OUTCOMES.get(end.status or "", "other_status")) for end in story.endings]
    if story.opted_out_at:
        reached.append((story.opted_out_at, "opted_out"))
    for outcomes in PRECEDENCE:
        if weighing := [entry for entry in reached if entry[1] in outcomes]:
            at, outcome = max(weighing)
            return outcome, at
    if started:
        return "open", None
    return (
        ("failed_to_start", story.failed_to_start_at) if story.failed_to_start_at else ("not_started", None)
    )


def _decisions(story: Conversation) -> list[Ending]:
    return [end for end in story.endings if end.status in (PASSED, FAILED)]


def _where(story: Conversation) -> Dimensions:
    """Not everything that is told names the campaign, and less of it the customer's name for it."""
    own, campaign = story.organization, story.campaign
    if own.legacy:
        return Dimensions(own.id)
    waiting = [*_waiting(story), story.opted_out_at]
    named = any((*waiting, _names_customer_campaign(story)))
    external = campaign.external_id if _names_customer_campaign(story) or _booked(story) else None
    return Dimensions(own.id, campaign_id=campaign.id if named else None, external_campaign_id=external)


def _names_customer_campaign(story: Conversation) -> bool:
    """Return whether something told of it names both; bookings name the customer's only."""
    asked = any(each.review_at or each.kind == "MORE_TIME_REQUESTED" for each in story.frictions)
    return any((story.told_started_at, story.endings, story.exhaustions, story.reviews, asked))


def _booked(story: Conversation) -> bool:
    return any(meeting.told for meeting in story.meetings)


def _waiting(story: Conversation) -> list[datetime]:
    return [at for at in (story.told_queued_at, story.failed_to_start_at) if at]


def _proofs(story: Conversation) -> list[datetime]:
    """Time of the first delivered event that proves a start. An uploaded document names no conversation."""
    happened = [thing.at for things in (story.endings, story.exhaustions, story.reviews) for thing in things]
    happened += [at for friction in story.frictions for at in friction.told_at()]
    happened += [move.at for meeting in story.meetings for move in meeting.told]
    return [*happened, story.opted_out_at] if story.opted_out_at else happened
