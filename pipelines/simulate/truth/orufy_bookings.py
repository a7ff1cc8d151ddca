"""Truth about Orufy bookings, computed from journeys, not from events."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey


@dataclass(frozen=True, slots=True)
class BookingTruth:
    """Expected numbers of the logical bookings of one Orufy account.

    `guests_left` are guests who cancelled while the meeting remained booked. `payments` has the number of
    payments by last state and currency, such as `DONE EUR`.
    """

    organization_id: str
    bookings: int
    moves: int
    cancelled: int
    no_shows: int
    guests_left: int
    payments: dict[str, int]


def bookings_of(journeys: Iterable[Journey]) -> list[BookingTruth]:
    """Return the truth for each account with bookings, sorted by account id."""
    by_account: dict[str, list[OrufyBooking]] = {}
    for journey in journeys:
        if isinstance(journey, OrufyBooking):
            by_account.setdefault(journey.account.id, []).append(journey)
    return [_account_truth(account, stories) for account, stories in sorted(by_account.items())]


def _account_truth(account: str, stories: list[OrufyBooking]) -> BookingTruth:
    endings = Counter(story.ending for story in stories)
    # the payment is in the event BOOK, so it is unknown without that event
    paid = [story.payment for story in stories if story.payment and story.book_delivered]
    return BookingTruth(
        account,
        bookings=len(stories),
        moves=sum(len(story.appointments) - 1 for story in stories),
        cancelled=endings["CANCELLED"],
        no_shows=endings["NO_SHOW"],
        guests_left=sum(guest.left for story in stories for guest in story.guests),
        payments=dict(sorted(Counter(f"{each.states[-1]} {each.currency}" for each in paid).items())),
    )
