"""Truth about the funnel, payments, and first events that were never delivered."""

from collections.abc import Iterator

from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.conversation_facts import ConversationFacts
from pipelines.simulate.truth.facts import SimulationFacts
from pipelines.simulate.truth.placement import CountedMember
from pipelines.simulate.world.endpoints import ORUFY


def funnel(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each started conversation, on the day of its start, in each step that it reached."""
    for talk in facts.conversations:
        if talk.has_started:
            yield CountedMember(talk.where, talk.known_at, ("started", *_funnel_steps(talk)))


def _funnel_steps(talk: ConversationFacts) -> Iterator[str]:
    if talk.decision:
        yield "decided"
    if talk.outcome == "passed":
        yield "passed"
    if talk.bookings:
        yield "booked"
    if any(booking.held_at for booking in talk.bookings):
        yield "held"


def payments(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each payment by its last state; an amount with a decimal comma is not summed."""
    for story in facts.paid:
        if story.payment:
            where = Dimensions(story.account.id, ORUFY.source, ORUFY.provider)
            own = (story.payment.states[-1], story.payment.currency)
            yield CountedMember(
                where, story.at, ("payments",), own=own, value=_summable_amount(story.payment.amount)
            )


def _summable_amount(amount: float | str) -> float | None:
    return None if isinstance(amount, str) and "," in amount else float(amount)


def implied_missing(facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each first event that was never delivered but is implied by later ones."""
    for talk in facts.conversations:
        if talk.started_inferred:
            own = ("conversation", "conversation_started")
            yield CountedMember(talk.where, talk.known_at, ("count",), own=own)
    for booking in facts.bookings:
        if booking.missing_event:
            own = ("booking", booking.missing_event)
            # meeting events have only the customer's campaign id
            where = booking.where._replace(campaign_id=None)
            yield CountedMember(where, booking.known_at, ("count",), own=own)
    for run in facts.runs:
        if run.story.delivered_started_at is None:
            own = ("workflow_run", "workflow_run_started")
            yield CountedMember(run.where, run.first_at, ("count",), own=own)
