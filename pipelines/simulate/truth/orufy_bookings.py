"""Truth of Orufy bookings. Computed from journeys, never from events."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey


@dataclass(frozen=True, slots=True)
class BookingTruth:
    """The logical bookings of one account. `guests_left` are those who cancelled alone, while it still stood.

    `payments` counts by last state and currency, as in `DONE EUR`.
    """

    organization_id: str
    bookings: int
    moves: int
    cancelled: int
    no_shows: int
    guests_left: int
    payments: dict[str, int]


def bookings_of(journeys: Iterable[Journey]) -> list[BookingTruth]:
    """One for each account that has any, by its id."""
    found: dict[str, list[OrufyBooking]] = {}
    for journey in journeys:
        if isinstance(journey, OrufyBooking):
            found.setdefault(journey.account.id, []).append(journey)
    return [_of_account(account, stories) for account, stories in sorted(found.items())]


def _of_account(account: str, stories: list[OrufyBooking]) -> BookingTruth:
    endings = Counter(story.ending for story in stories)
    # a payment is told with BOOK, so it is as unknown as that
    paid = [story.payment for story in stories if story.payment and story.book_told]
    return BookingTruth(
        account,
        bookings=len(stories),
        moves=sum(len(story.appointments) - 1 for story in stories),
        cancelled=endings["CANCELLED"],
        no_shows=endings["NO_SHOW"],
        guests_left=sum(guest.left for story in stories for guest in story.guests),
        payments=dict(sorted(Counter(f"{each.states[-1]} {each.currency}" for each in paid).items())),
    )
