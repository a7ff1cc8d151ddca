"""Truth about conversation outcomes by precedence, computed from journeys, not from events."""

from collections.abc import Iterable

from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import HIT, MISS, OPEN, MemberBucket, Rate

NOT_STARTED = ("not_started", "failed_to_start")
TIMED_OUT = "presumed_timed_out"


def _outcome_or_timeout(talk: ConversationFacts, facts: SimulationFacts) -> str:
    """Outcome of a conversation, or `presumed_timed_out` for one that is open for too long."""
    is_timed_out = talk.outcome == OPEN and talk.known_at < facts.now - facts.timeout
    return TIMED_OUT if is_timed_out else talk.outcome


def _pass_bucket(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    note = TIMED_OUT if _outcome_or_timeout(talk, facts) == TIMED_OUT else ""
    bucket = {"passed": HIT, "failed": MISS}.get(talk.outcome, talk.outcome)
    return MemberBucket(bucket, talk.outcome_at, note)


def _completion_bucket(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    return _bucket_among_started(talk, facts, ("passed", "failed"))


def _cohort_pass_bucket(talk: ConversationFacts, facts: SimulationFacts) -> MemberBucket:
    return _bucket_among_started(talk, facts, ("passed",))


def _bucket_among_started(
    talk: ConversationFacts, facts: SimulationFacts, hits: tuple[str, ...]
) -> MemberBucket:
    if talk.outcome in (*NOT_STARTED, *hits):
        return MemberBucket(HIT if talk.outcome in hits else talk.outcome)
    return MemberBucket(MISS, note=_outcome_or_timeout(talk, facts))


def _opt_out_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    bucket = HIT if talk.story.opted_out_at else MISS
    at = talk.story.opted_out_at or talk.outcome_at
    return MemberBucket(talk.outcome if talk.outcome in NOT_STARTED else bucket, at)


def _takeover_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    bucket = HIT if any(review.human_takeover for review in talk.story.reviews) else MISS
    return MemberBucket(talk.outcome if talk.outcome in NOT_STARTED else bucket)


def _start_failure_bucket(talk: ConversationFacts, _: SimulationFacts) -> MemberBucket:
    return MemberBucket({"failed_to_start": HIT, "not_started": OPEN}.get(talk.outcome, MISS))


def _conversations(facts: SimulationFacts) -> Iterable[ConversationFacts]:
    return facts.conversations


SCREENING = (
    Rate("pass_rate", _conversations, _pass_bucket),
    Rate("completion_rate", _conversations, _completion_bucket, cohort_only=True),
    Rate("cohort_pass_rate", _conversations, _cohort_pass_bucket, cohort_only=True),
    Rate("opt_out_rate", _conversations, _opt_out_bucket),
    Rate("human_takeover_rate", _conversations, _takeover_bucket, cohort_only=True),
    Rate("failed_to_start_rate", _conversations, _start_failure_bucket, cohort_only=True),
)
