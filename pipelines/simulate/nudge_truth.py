"""Who was nudged in vain: told from what happened, never from an event."""

from collections.abc import Iterator

from pipelines.simulate.kinds import Journey
from pipelines.simulate.outcomes import Conversation
from pipelines.simulate.placing import HIT, MISS, Placed, begun, campaign_known, conversations
from pipelines.simulate.screening_truth import screening_result
from pipelines.simulate.world import AVAILABILITY


def _interviewer_campaigns(journeys: list[Journey]) -> set[tuple[str, str]]:
    """Campaigns that ask interviewers, as far as anybody can know: one of theirs was nudged in vain."""
    return {
        (story.organization.id, story.campaign.id)
        for story, _ in conversations(journeys)
        if story.exhaustions and story.campaign.kind == AVAILABILITY
    }


def _with_interviewer(story: Conversation, interviewers: set[tuple[str, str]]) -> bool:
    return campaign_known(story) and (story.organization.id, story.campaign.id) in interviewers


def nudge_cohort(journeys: list[Journey]) -> Iterator[Placed]:
    """Every conversation, where it began."""
    interviewers = _interviewer_campaigns(journeys)
    for story, entered_at in conversations(journeys):
        bucket = HIT if story.exhaustions else MISS
        if _with_interviewer(story, interviewers):
            bucket = "interviewer"
        if not begun(story):
            bucket = "failed_to_start" if story.failed_to_start_at else "not_started"
        yield story.organization.id, entered_at, bucket


def nudge_activity(journeys: list[Journey]) -> Iterator[Placed]:
    """Those nudged in vain, where that first happened, and those that came to a result without it."""
    interviewers = _interviewer_campaigns(journeys)
    for story, _ in conversations(journeys):
        exhausted_at = min((exhaustion.at for exhaustion in story.exhaustions), default=None)
        at = exhausted_at or (screening_result(story)[1] if begun(story) else None)
        if at:
            person = _with_interviewer(story, interviewers)
            yield story.organization.id, at, "interviewer" if person else HIT if exhausted_at else MISS
