"""Everything anybody can know of a simulation at one time: what its marts are counted from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.journeys.model import Analysis, Conversation, LooseBooking
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.journeys.workflow_model import Run, UnresolvedContact
from pipelines.simulate.truth.booking_facts import Booking, loose_booking, orufy_booking
from pipelines.simulate.truth.conversation_facts import ConversationFacts, talk_of, typed_campaign
from pipelines.simulate.truth.run_facts import RunFacts, runs_of


@dataclass(frozen=True, slots=True)
class SimulationFacts:
    """As it stands at `now`. `loose` are the bookings without a conversation; a conversation that has been
    open for longer than `timeout` is presumed to be over."""

    now: datetime
    timeout: timedelta
    talks: tuple[ConversationFacts, ...]
    loose: tuple[Booking, ...]
    runs: tuple[RunFacts, ...]
    contacts: tuple[UnresolvedContact, ...]
    analyses: tuple[Analysis, ...]
    paid: tuple[OrufyBooking, ...]

    @property
    def bookings(self) -> tuple[Booking, ...]:
        """Every logical booking."""
        return (*(booking for talk in self.talks for booking in talk.bookings), *self.loose)


def facts_of(journeys: Iterable[Journey], now: datetime, timeout: timedelta) -> SimulationFacts:
    """Facts of these journeys."""
    told = list(journeys)
    stories = [story for story in told if isinstance(story, Conversation)]
    typed = {campaign for story in stories if (campaign := typed_campaign(story))}
    at_orufy = [story for story in told if isinstance(story, OrufyBooking)]
    loose = [each for story in told if isinstance(story, LooseBooking) for each in loose_booking(story)]
    return SimulationFacts(
        now,
        timeout,
        tuple(talk for story in stories if (talk := talk_of(story, typed))),
        (*loose, *map(orufy_booking, at_orufy)),
        tuple(runs_of((story for story in told if isinstance(story, Run)), now)),
        tuple(story for story in told if isinstance(story, UnresolvedContact)),
        tuple(story for story in told if isinstance(story, Analysis)),
        # a payment is told with BOOK, so it is as unknown as that
        tuple(story for story in at_orufy if story.payment and story.book_told),
    )
