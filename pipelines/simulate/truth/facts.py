"""Facts of a simulation that the delivered events prove; the expected marts are counted from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.journeys.model import Analysis, Conversation, LooseBooking
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.journeys.workflow_model import Run, UnresolvedContact
from pipelines.simulate.truth.booking_facts import Booking, loose_booking, orufy_booking
from pipelines.simulate.truth.conversation_facts import (
    ConversationFacts,
    campaign_with_type,
    conversation_facts,
)
from pipelines.simulate.truth.run_facts import RunFacts, runs_of


@dataclass(frozen=True, slots=True)
class SimulationFacts:
    """Facts at `now`. `loose` are the bookings without a conversation, `paid` those with a payment.

    A conversation that is open for longer than `timeout` is treated as timed out.
    """

    now: datetime
    timeout: timedelta
    conversations: tuple[ConversationFacts, ...]
    loose: tuple[Booking, ...]
    runs: tuple[RunFacts, ...]
    contacts: tuple[UnresolvedContact, ...]
    analyses: tuple[Analysis, ...]
    paid: tuple[OrufyBooking, ...]

    @property
    def bookings(self) -> tuple[Booking, ...]:
        """All logical bookings."""
        return (*(booking for talk in self.conversations for booking in talk.bookings), *self.loose)


def facts_of(journeys: Iterable[Journey], now: datetime, timeout: timedelta) -> SimulationFacts:
    """Derive the facts at `now` from the journeys."""
    all_journeys = list(journeys)
    stories = [story for story in all_journeys if isinstance(story, Conversation)]
    campaigns_with_type = {campaign for story in stories if (campaign := campaign_with_type(story))}
    at_orufy = [story for story in all_journeys if isinstance(story, OrufyBooking)]
    loose = [
        each for story in all_journeys if isinstance(story, LooseBooking) for each in loose_booking(story)
    ]
    return SimulationFacts(
        now,
        timeout,
        tuple(talk for story in stories if (talk := conversation_facts(story, campaigns_with_type))),
        (*loose, *map(orufy_booking, at_orufy)),
        tuple(runs_of((story for story in all_journeys if isinstance(story, Run)), now)),
        tuple(story for story in all_journeys if isinstance(story, UnresolvedContact)),
        tuple(story for story in all_journeys if isinstance(story, Analysis)),
        # the payment is in the event BOOK, so it is unknown without that event
        tuple(story for story in at_orufy if story.payment and story.book_delivered),
    )
