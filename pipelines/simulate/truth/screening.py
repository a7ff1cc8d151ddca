"""Truth of conversation outcomes, by the precedence of results. Computed from journeys, never from events."""

from collections.abc import Iterable

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, MemberBucket, Rate

NOT_BEGUN = ("not_started", "failed_to_start")
STALE = "presumed_timed_out"


def _ending(talk: ConversationFacts, facts: SimulationFacts) -> str:
    """The outcome, and of those that continue which have for too long."""
    stale = talk.outcome == OPEN and talk.known_at < facts.now - facts.timeout
    return STALE if stale else talk.outcome


def _passed(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    note = STALE if _ending(talk, facts) == STALE else ""
    bucket = {"passed": HIT, "failed": MISS}.get(talk.outcome, talk.outcome)
    return MemberBucket(bucket, talk.outcome_at, note)


def _decided(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    return _among_started(talk, facts, ("passed", "failed"))


def _passed_of_started(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    return _among_started(talk, facts, ("passed",))


def _among_started(talk: ConversationFacts, facts: SimulationFacts, wanted: tuple[str, ...]) -> MemberBucket:
    if talk.outcome in (*NOT_BEGUN, *wanted):
        return MemberBucket(HIT if talk.outcome in wanted else talk.outcome)
    return MemberBucket(MISS, note=_ending(talk, facts))


def _opted_out(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    bucket = HIT if talk.story.opted_out_at else MISS
    at = talk.story.opted_out_at or talk.outcome_at
    return MemberBucket(talk.outcome if talk.outcome in NOT_BEGUN else bucket, at)


def _taken_over(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    bucket = HIT if any(review.human_takeover for review in talk.story.reviews) else MISS
    return MemberBucket(talk.outcome if talk.outcome in NOT_BEGUN else bucket)


def _failed_to_start(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    return MemberBucket({"failed_to_start": HIT, "not_started": OPEN}.get(talk.outcome, MISS))


def _talks(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.talks


SCREENING = (
    Rate("pass_rate", _talks, _passed),
    Rate("completion_rate", _talks, _decided, cohort_only=True),
    Rate("cohort_pass_rate", _talks, _passed_of_started, cohort_only=True),
    Rate("opt_out_rate", _talks, _opted_out),
    Rate("human_takeover_rate", _talks, _taken_over, cohort_only=True),
    Rate("failed_to_start_rate", _talks, _failed_to_start, cohort_only=True),
)
