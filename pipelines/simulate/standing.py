"""Where each journey stands in each mart, told from what happened and never from an event."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipelines.simulate.conversations import BARE, CLOSED, FAILED, NOT_INTERESTED, PASSED
from pipelines.simulate.outcomes import Conversation, Journey, LooseBooking, Run
from pipelines.simulate.world import AVAILABILITY, SCHEDULING

HIT = "numerator"
MISS = "denominator only"
OPEN = "open"

Placed = tuple[str, datetime, str]
"""Organization, the instant whose day counts, the bucket: one of the three above or why it is left out."""


@dataclass(frozen=True, slots=True)
class Mart:
    """One mart: its metric, its columns of what is left out, and where each journey stands in it."""

    name: str
    metric: str
    excluded: tuple[str, ...]
    place: Callable[[list[Journey]], Iterator[Placed]]


def _conversations(journeys: Iterable[Journey]) -> Iterator[Conversation]:
    return (journey for journey in journeys if isinstance(journey, Conversation))


def _entered(story: Conversation) -> datetime:
    """The start, or the first thing known of what never started."""
    if story.started_at:
        return story.started_at
    return min(at for at in (story.queued_at, story.failed_to_start_at) if at)


# Scheduling


def _booked_at(story: Conversation) -> datetime | None:
    return min((move.at for meeting in story.meetings for move in meeting.moves), default=None)


def _friction_at(story: Conversation) -> datetime | None:
    """The last time that it was not booked: no time suited, or nobody answered an invitation."""
    told = [at for friction in story.frictions for at in friction.told_at()]
    if story.campaign.kind == SCHEDULING:
        told += [exhaustion.at for exhaustion in story.exhaustions]
    return max(told, default=None)


def scheduling_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation and every loose booking, where it began."""
    for story in _conversations(journeys):
        tried = HIT if _booked_at(story) else MISS if _friction_at(story) else "no_signal"
        yield story.organization.id, _entered(story), tried
    yield from _loose_bookings(journeys)


def scheduling_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those that were booked or could not be, where that happened."""
    for story in _conversations(journeys):
        if booked_at := _booked_at(story):
            yield story.organization.id, booked_at, HIT
        elif friction_at := _friction_at(story):
            yield story.organization.id, friction_at, MISS
    yield from _loose_bookings(journeys)


def _loose_bookings(journeys: list[Journey]) -> Iterator[Placed]:
    for story in journeys:
        if isinstance(story, LooseBooking):
            yield story.organization.id, min(move.at for move in story.meeting.moves), HIT


# Screening


STATUS_BUCKETS = {
    PASSED: HIT,
    FAILED: MISS,
    NOT_INTERESTED: "not_interested",
    CLOSED: "closed",
    BARE: "completed_undecided",
}
PRECEDENCE = (
    (HIT, MISS),
    ("not_interested",),
    ("opted_out",),
    ("closed",),
    ("completed_undecided",),
    ("other_status",),
)
"""What weighs most first."""


def screening_result(story: Conversation) -> tuple[str, datetime | None]:
    """The bucket of a conversation and when it got there, None for those that wait or go on."""
    reached = [(end.at, STATUS_BUCKETS.get(end.status or "", "other_status")) for end in story.endings]
    if story.opted_out_at:
        reached.append((story.opted_out_at, "opted_out"))
    for buckets in PRECEDENCE:
        if weighing := [entry for entry in reached if entry[1] in buckets]:
            at, bucket = max(weighing)
            return bucket, at
    if story.started_at:
        return OPEN, None
    return (
        ("failed_to_start", story.failed_to_start_at) if story.failed_to_start_at else ("not_started", None)
    )


def screening_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation, where it began."""
    for story in _conversations(journeys):
        yield story.organization.id, _entered(story), screening_result(story)[0]


def screening_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those that came to a result, where they did."""
    for story in _conversations(journeys):
        bucket, at = screening_result(story)
        if at:
            yield story.organization.id, at, bucket


# Nudges


def _interviewer_campaigns(journeys: list[Journey]) -> set[tuple[str, str]]:
    """Campaigns that ask interviewers, as far as anybody can know: one of theirs was nudged in vain."""
    return {
        (story.organization.id, story.campaign.id)
        for story in _conversations(journeys)
        if story.exhaustions and story.campaign.kind == AVAILABILITY
    }


def nudge_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation, where it began."""
    interviewers = _interviewer_campaigns(journeys)
    for story in _conversations(journeys):
        bucket = HIT if story.exhaustions else MISS
        if (story.organization.id, story.campaign.id) in interviewers:
            bucket = "interviewer"
        if not story.started_at:
            bucket = "failed_to_start" if story.failed_to_start_at else "not_started"
        yield story.organization.id, _entered(story), bucket


def nudge_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those nudged in vain, where that first happened, and those that came to a result without it."""
    interviewers = _interviewer_campaigns(journeys)
    for story in _conversations(journeys):
        exhausted_at = min((exhaustion.at for exhaustion in story.exhaustions), default=None)
        at = exhausted_at or (screening_result(story)[1] if story.started_at else None)
        if at:
            person = (story.organization.id, story.campaign.id) in interviewers
            yield story.organization.id, at, "interviewer" if person else HIT if exhausted_at else MISS


# Workflows

RUN_BUCKETS = {"FAILED": HIT, "COMPLETED": MISS, "CANCELLED": "cancelled"}


def workflow_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every run, where it began."""
    for run in journeys:
        if isinstance(run, Run):
            began_at = run.started_at or run.resolved_at
            if began_at:
                yield run.organization.id, began_at, _run_result(run)[0]


def workflow_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Every run that ended, where it did."""
    for run in journeys:
        if isinstance(run, Run):
            bucket, at = _run_result(run)
            if at:
                yield run.organization.id, at, bucket


def _run_result(run: Run) -> tuple[str, datetime | None]:
    """The first ending decides."""
    if not run.endings:
        return OPEN, None
    first = min(run.endings, key=lambda ending: ending.at)
    return RUN_BUCKETS[first.result], first.at


RESULTS = ("not_interested", "opted_out", "closed", "completed_undecided", "other_status", "failed_to_start")
NEVER_STARTED = ("not_started", "failed_to_start")
MARTS: tuple[Mart, ...] = (
    Mart("scheduling_success_cohort", "scheduling_success_rate", ("no_signal",), scheduling_cohort),
    Mart("scheduling_success_activity", "scheduling_success_rate", ("no_signal",), scheduling_activity),
    Mart("screening_pass_rate_cohort", "pass_rate", (*RESULTS, "not_started"), screening_cohort),
    Mart("screening_pass_rate_activity", "pass_rate", RESULTS, screening_activity),
    Mart("nudge_exhaustion_cohort", "exhaustion_rate", (*NEVER_STARTED, "interviewer"), nudge_cohort),
    Mart("nudge_exhaustion_activity", "exhaustion_rate", ("interviewer",), nudge_activity),
    Mart("workflow_failures_cohort", "run_failure_rate", ("cancelled",), workflow_cohort),
    Mart("workflow_failures_activity", "run_failure_rate", ("cancelled",), workflow_activity),
)
