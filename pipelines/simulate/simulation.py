"""Complete simulation: deliveries in sending order, and the numbers that every mart must show afterwards."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from pipelines.simulate.delivery.faults import Delivery, broken_deliveries, deliveries_with_faults
from pipelines.simulate.extra_traffic import (
    job_board,
    legacy_conversations,
    orufy_bookings,
    test_conversations,
    unknown_events,
)
from pipelines.simulate.journeys.generator import SPAN, draw_journeys, tag_of
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.payloads.events import SimulatedEvent, events_of
from pipelines.simulate.truth.cells import TruthRow, truth_of
from pipelines.simulate.truth.orufy_bookings import BookingTruth, bookings_of
from pipelines.simulate.world.endpoints import ENDPOINTS, ORUFY, POPP, POPP_SECOND
from pipelines.simulate.world.rng import IdSequence, SeededRandom
from pipelines.simulate.world.tenants import ATLAS, popp_organizations

__all__ = ["Delivery", "Simulation", "TruthRow", "bodies", "organization_ids", "simulate"]

NOISE_SHARE = 0.002
"""Number of test conversations, of unknown events and of broken bodies, each as a share of the journeys."""
BENCH_END = datetime(2026, 6, 30, tzinfo=UTC)
SOURCES = tuple(endpoint.source for endpoint in ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Simulated deliveries in sending order, and the truth about them.

    `distinct_events` is the number of events to be loaded, including tests and unknown events. Together with
    `duplicates` and `quarantined` it is the number of deliveries. `bookings` holds the truth about Orufy
    bookings that no mart shows.
    """

    deliveries: list[Delivery]
    truth: list[TruthRow]
    distinct_events: int
    duplicates: int
    quarantined: int
    bookings: list[BookingTruth]


def simulate(
    seed: int,
    journeys: int,
    until: datetime,
    time_zone: str = "UTC",
    *,
    legacy_day: date | None = None,
    sources: Collection[str] = SOURCES,
    now: datetime | None = None,
    timeout_hours: float = 48,
    span: timedelta = SPAN,
) -> Simulation:
    """Create a simulation of `journeys` journeys; equal arguments give equal simulations.

    Each journey begins less than `span` before `until` and ends before `until`. The truth is the content of
    the marts at `now`, by default `until`. It treats a conversation as timed out when it has been open for
    more than `timeout_hours`.

    Bodies of the legacy envelope and of Orufy have no time, so they count on the day they are sent. They are
    included only when this day is given as `legacy_day`, in `time_zone`; sending must end on that day.
    Deliveries to sources not in `sources` are omitted, which does not change the others. A simulation with
    more journeys begins with the same journeys. Raises `ValueError` when `until` has no time zone.
    """
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    end = until.astimezone(UTC).replace(microsecond=until.microsecond // 1000 * 1000)
    tag, noise = tag_of(seed, end), max(1, round(journeys * NOISE_SHARE))
    counted_journeys = _draw_counted_journeys(
        tag, SeededRandom(Random(f"{tag} journeys"), end, ZoneInfo(time_zone)), journeys, legacy_day, span
    )
    deliveries = list(
        _for_sources(
            sources, _add_faults(tag, _events(tag, end, journeys, noise, counted_journeys), end, noise)
        )
    )
    duplicates = sum(delivery.duplicate for delivery in deliveries)
    quarantined = noise if POPP.source in sources else 0
    distinct = len(deliveries) - duplicates - quarantined
    counted = [journey for journey in counted_journeys if _source_of(journey) in sources]
    truth = truth_of(counted, time_zone, now or end, timeout_hours=timeout_hours)
    return Simulation(deliveries, truth, distinct, duplicates, quarantined, bookings_of(counted))


def bodies(seed: int, count: int, until: datetime = BENCH_END) -> Iterator[bytes]:
    """Return `count` bodies of different Popp events in the order of their journeys, without faults."""
    tag = tag_of(seed, until)
    journeys = draw_journeys(SeededRandom(Random(f"{tag} journeys"), until), IdSequence(tag))
    return islice((event.body() for journey in journeys for event in events_of(journey)), count)


def organization_ids() -> tuple[str, ...]:
    """Ids of the simulated Popp organizations except the test one, for the settings of the source."""
    return tuple(organization.id for organization in popp_organizations())


def _draw_counted_journeys(
    tag: str, dice: SeededRandom, journeys: int, legacy_day: date | None, span: timedelta
) -> list[Journey]:
    """Draw the journeys that the truth counts. With `legacy_day`, events without time happen at its noon."""
    drawn = list(islice(draw_journeys(dice, IdSequence(tag), span), journeys))
    if legacy_day is None:
        return drawn
    noon = datetime.combine(legacy_day, time(12), dice.zone).astimezone(UTC)
    return (
        drawn
        + legacy_conversations(tag, dice.end, journeys, noon)
        + orufy_bookings(tag, dice.end, journeys, noon)
    )


def _events(
    tag: str, end: datetime, journeys: int, noise: int, counted_journeys: list[Journey]
) -> list[SimulatedEvent]:
    events = [
        event
        for journey in counted_journeys + test_conversations(tag, end, noise)
        for event in events_of(journey)
    ]
    return [*events, *unknown_events(tag, end, noise), *job_board(tag, end, journeys)]


def _source_of(journey: Journey) -> str:
    return (ORUFY if isinstance(journey, OrufyBooking) else POPP).source


def _add_faults(tag: str, events: list[SimulatedEvent], end: datetime, broken: int) -> list[Delivery]:
    rng = Random(f"{tag} faults")
    deliveries = deliveries_with_faults(rng, events, end)
    for broken_delivery in islice(broken_deliveries(ATLAS, f"{tag}q", end), broken):
        deliveries.insert(int(rng.random() * len(deliveries)), broken_delivery)
    return deliveries


def _for_sources(sources: Collection[str], deliveries: list[Delivery]) -> Iterator[Delivery]:
    """Yield the deliveries for `sources`. Popp's second endpoint only repeats deliveries of the first."""
    wanted = set(sources) if POPP.source in sources else set(sources) - {POPP_SECOND.source}
    return (delivery for delivery in deliveries if delivery.source in wanted)
