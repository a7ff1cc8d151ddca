"""Facts of a conversation that can be known from the delivered events.

The first event of an entity may not be delivered. The entity is then known by its later events, from the
earliest of them on. An entity without any delivered event is unknown and not counted.
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
"""Groups of outcomes in order of precedence: an outcome in an earlier group wins."""

CampaignKey = tuple[str, str]
"""Pair `(organization id, campaign id)`, because two organizations use the same campaign ids."""


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """Facts of one conversation.

    `moments` are the times of its delivered events. `campaign_type` is None when no event reports the type.
    `outcome_at` is None for a conversation that has not started or is open.
    """

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
        """Time of the first booking."""
        return min((booking.known_at for booking in self.bookings), default=None)

    @property
    def signal_at(self) -> datetime | None:
        """Time of the last failed attempt to book: no suitable time, or an unanswered invitation."""
        unanswered = self.story.exhaustions if self.story.campaign.kind == SCHEDULING else ()
        return max((*self.frictions, *(exhaustion.at for exhaustion in unanswered)), default=None)

    @property
    def exhausted_at(self) -> datetime | None:
        """Time of the first nudge sequence that ended without a reply."""
        return min((exhaustion.at for exhaustion in self.story.exhaustions), default=None)

    @property
    def decision(self) -> Ending | None:
        """Last ending with a passed or failed status."""
        return max(decisions, key=lambda end: end.at) if (decisions := _decisions(self.story)) else None

    @property
    def started_inferred(self) -> bool:
        """Return whether the start is known only from later events."""
        return self.has_started and self.story.delivered_started_at is None


def conversation_facts(
    story: Conversation, campaigns_with_type: Collection[CampaignKey]
) -> ConversationFacts | None:
    """Facts of a conversation; None without delivered events.

    `campaigns_with_type` are the campaigns whose type is known from any event.
    """
    times_proving_start, waiting = _times_proving_start(story), _times_before_start(story)
    known = [at for at in (story.delivered_started_at, *waiting, *times_proving_start) if at]
    if not known:
        return None
    started = bool(story.delivered_started_at or times_proving_start)
    outcome, outcome_at = _outcome(story, started)
    where = _dimensions(story)
    return ConversationFacts(
        story,
        where,
        story.delivered_started_at or min(known),
        started,
        outcome,
        outcome_at,
        story.campaign.kind if (where.organization_id, where.campaign_id) in campaigns_with_type else None,
        bookings_of(where, story.meetings),
        tuple(sorted(at for friction in story.frictions for at in friction.event_times())),
        tuple(sorted(known)),
    )


def campaign_with_type(story: Conversation) -> CampaignKey | None:
    """Key of the campaign if the events of this conversation report the campaign type, else None.

    Only the event of an unanswered nudge sequence reports the type.
    """
    reports_type = story.exhaustions and story.campaign.kind
    return (story.organization.id, story.campaign.id) if reports_type else None


def _outcome(story: Conversation, started: bool) -> tuple[str, datetime | None]:
    outcomes_reached = [(end.at, OUTCOMES.get(end.status or "", "other_status")) for end in story.endings]
    if story.opted_out_at:
        outcomes_reached.append((story.opted_out_at, "opted_out"))
    for outcomes in PRECEDENCE:
        if candidates := [entry for entry in outcomes_reached if entry[1] in outcomes]:
            at, outcome = max(candidates)
            return outcome, at
    if started:
        return "open", None
    return (
        ("failed_to_start", story.failed_to_start_at) if story.failed_to_start_at else ("not_started", None)
    )


def _decisions(story: Conversation) -> list[Ending]:
    return [end for end in story.endings if end.status in (PASSED, FAILED)]


def _dimensions(story: Conversation) -> Dimensions:
    """Dimensions of a conversation.

    The campaign id and the customer's campaign id are None when no delivered event has them.
    """
    own, campaign = story.organization, story.campaign
    if own.legacy:
        return Dimensions(own.id)
    waiting = [*_times_before_start(story), story.opted_out_at]
    named = any((*waiting, _reports_both_campaign_ids(story)))
    external = campaign.external_id if _reports_both_campaign_ids(story) or _has_booking(story) else None
    return Dimensions(own.id, campaign_id=campaign.id if named else None, external_campaign_id=external)


def _reports_both_campaign_ids(story: Conversation) -> bool:
    """Return whether a delivered event has both campaign ids; booking events have only the customer's."""
    friction_reports = any(each.review_at or each.kind == "MORE_TIME_REQUESTED" for each in story.frictions)
    return any(
        (story.delivered_started_at, story.endings, story.exhaustions, story.reviews, friction_reports)
    )


def _has_booking(story: Conversation) -> bool:
    return any(meeting.delivered_changes for meeting in story.meetings)


def _times_before_start(story: Conversation) -> list[datetime]:
    return [at for at in (story.delivered_queued_at, story.failed_to_start_at) if at]


def _times_proving_start(story: Conversation) -> list[datetime]:
    """Times of the delivered events that prove a start. A document event has no conversation id."""
    happened = [thing.at for things in (story.endings, story.exhaustions, story.reviews) for thing in things]
    happened += [at for friction in story.frictions for at in friction.event_times()]
    happened += [move.at for meeting in story.meetings for move in meeting.delivered_changes]
    return [*happened, story.opted_out_at] if story.opted_out_at else happened
