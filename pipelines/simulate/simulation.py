"""A whole simulation: what was sent, in which order, and what every mart must show afterwards."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from pipelines.simulate.delivery.faults import Delivery, out_of_order, poison
from pipelines.simulate.extra_traffic import job_board, legacy, orufy_bookings, tests, unknown
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
"""Tests, unknown events and broken bodies, each as a share of the journeys."""
BENCH_END = datetime(2026, 6, 30, tzinfo=UTC)
SOURCES = tuple(endpoint.source for endpoint in ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Deliveries in the order of sending, and what must come of them.

    `distinct_events` are to be loaded, tests and unknown ones included; with `duplicates` and `quarantined`
    they add up to the deliveries. `bookings` is what no mart counts of the bookings at Orufy.
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
    """The same for the same arguments; every journey begins within `span` before `until`, and ends by it.

    The truth is what the marts show at `now`, by default `until`, where a conversation that is open for more
    than `timeout_hours` is presumed to be over.

    Bodies of the legacy envelope and of Orufy have no time of their own, so they are counted on the day they
    are sent: they are part of it only when that day, in `time_zone`, is given, and sending must not run past
    its midnight. What goes to another source than `sources` is left out, and does not change the rest.
    A longer simulation that is otherwise the same begins with the same journeys. Raises `ValueError` when
    `until` has no time zone.
    """
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    end = until.astimezone(UTC).replace(microsecond=until.microsecond // 1000 * 1000)
    tag, noise = tag_of(seed, end), max(1, round(journeys * NOISE_SHARE))
    told = _reported(
        tag, SeededRandom(Random(f"{tag} journeys"), end, ZoneInfo(time_zone)), journeys, legacy_day, span
    )
    deliveries = list(_to(sources, _sent(tag, _events(tag, end, journeys, noise, told), end, noise)))
    duplicates = sum(delivery.duplicate for delivery in deliveries)
    quarantined = noise if POPP.source in sources else 0
    distinct = len(deliveries) - duplicates - quarantined
    counted = [journey for journey in told if _source_of(journey) in sources]
    truth = truth_of(counted, time_zone, now or end, timeout_hours=timeout_hours)
    return Simulation(deliveries, truth, distinct, duplicates, quarantined, bookings_of(counted))


def bodies(seed: int, count: int, until: datetime = BENCH_END) -> Iterator[bytes]:
    """`count` bodies of different Popp events in the order of their journeys, without any fault."""
    tag = tag_of(seed, until)
    journeys = draw_journeys(SeededRandom(Random(f"{tag} journeys"), until), IdSequence(tag))
    return islice((event.body() for journey in journeys for event in events_of(journey)), count)


def organization_ids() -> tuple[str, ...]:
    """Every organization of Popp that sends something real, for the settings of the source."""
    return tuple(organization.id for organization in popp_organizations())


def _reported(
    tag: str, dice: SeededRandom, journeys: int, legacy_day: date | None, span: timedelta
) -> list[Journey]:
    """Everything that counts: with a day of sending, also what has no time of its own, at noon of it."""
    drawn = list(islice(draw_journeys(dice, IdSequence(tag), span), journeys))
    if legacy_day is None:
        return drawn
    noon = datetime.combine(legacy_day, time(12), dice.zone).astimezone(UTC)
    return drawn + legacy(tag, dice.end, journeys, noon) + orufy_bookings(tag, dice.end, journeys, noon)


def _events(tag: str, end: datetime, journeys: int, noise: int, told: list[Journey]) -> list[SimulatedEvent]:
    events = [event for journey in told + tests(tag, end, noise) for event in events_of(journey)]
    return [*events, *unknown(tag, end, noise), *job_board(tag, end, journeys)]


def _source_of(journey: Journey) -> str:
    return (ORUFY if isinstance(journey, OrufyBooking) else POPP).source


def _sent(tag: str, events: list[SimulatedEvent], end: datetime, broken: int) -> list[Delivery]:
    rng = Random(f"{tag} faults")
    deliveries = out_of_order(rng, events, end)
    for spoilt in islice(poison(ATLAS, f"{tag}q", end), broken):
        deliveries.insert(int(rng.random() * len(deliveries)), spoilt)
    return deliveries


def _to(sources: Collection[str], deliveries: list[Delivery]) -> Iterator[Delivery]:
    """Those for the sources; the second endpoint of Popp repeats only what the first one gets."""
    wanted = set(sources) if POPP.source in sources else set(sources) - {POPP_SECOND.source}
    return (delivery for delivery in deliveries if delivery.source in wanted)
