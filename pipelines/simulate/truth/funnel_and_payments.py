"""The funnel, payments, and what must have happened but was never told."""

from collections.abc import Iterator

from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import CountedMember
from pipelines.simulate.world.endpoints import ORUFY


def funnel(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every started conversation, where it began, in each step that it reached."""
    for talk in facts.talks:
        if talk.has_started:
            yield CountedMember(talk.where, talk.known_at, ("started", *_reached(talk)))


def _reached(talk: ConversationFacts) -> Iterator[str]:
    if talk.decision:
        yield "decided"
    if talk.outcome == "passed":
        yield "passed"
    if talk.bookings:
        yield "booked"
    if any(booking.held_at for booking in talk.bookings):
        yield "held"


def payments(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every payment, in its last state; an amount that is not a number everywhere adds nothing."""
    for story in facts.paid:
        if story.payment:
            where = Dimensions(story.account.id, ORUFY.source, ORUFY.provider)
            own = (story.payment.states[-1], story.payment.currency)
            yield CountedMember(where, story.at, ("payments",), own=own, value=_number(story.payment.amount))


def _number(amount: float | str) -> float | None:
    return None if isinstance(amount, str) and "," in amount else float(amount)


def implied_missing(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every first event that never came."""
    for talk in facts.talks:
        if talk.started_inferred:
            own = ("conversation", "conversation_started")
            yield CountedMember(talk.where, talk.known_at, ("count",), own=own)
    for booking in facts.bookings:
        if booking.missing_event:
            own = ("booking", booking.missing_event)
            # meetings name the customer's campaign only
            where = booking.where._replace(campaign_id=None)
            yield CountedMember(where, booking.known_at, ("count",), own=own)
    for run in facts.runs:
        if run.story.told_started_at is None:
            own = ("workflow_run", "workflow_run_started")
            yield CountedMember(run.where, run.first_at, ("count",), own=own)
