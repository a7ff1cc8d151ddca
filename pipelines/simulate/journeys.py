"""A whole simulation: what was sent, in which order, and what every mart must show afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from pipelines.simulate.conversations import draw_conversation, draw_legacy_conversation
from pipelines.simulate.dice import Dice, Numbers
from pipelines.simulate.events import Event, events_of
from pipelines.simulate.faults import Delivery, out_of_order, poison, unknown_event
from pipelines.simulate.outcomes import Journey
from pipelines.simulate.stories import draw_journeys, tag_of
from pipelines.simulate.truth import TruthRow, truth_of
from pipelines.simulate.world import (
    ATLAS,
    LEGACY,
    LEGACY_CAMPAIGN,
    ORGANIZATIONS,
    PLACEHOLDER,
    TEST_CAMPAIGN,
)

__all__ = ["Delivery", "Simulation", "TruthRow", "bodies", "organization_ids", "simulate"]

NOISE_SHARE = 0.002
"""Tests, unknown events and broken bodies, each as a share of the journeys."""
BENCH_END = datetime(2026, 6, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Deliveries in the order of sending, and what must come of them.

    `distinct_events` are to be loaded, tests and unknown ones included; with `duplicates` and `quarantined`
    they add up to the deliveries.
    """

    deliveries: list[Delivery]
    truth: list[TruthRow]
    distinct_events: int
    duplicates: int
    quarantined: int


def simulate(
    seed: int, journeys: int, until: datetime, time_zone: str = "UTC", legacy_day: date | None = None
) -> Simulation:
    """The same for the same arguments; nothing in it happens after `until`.

    Bodies of the legacy envelope have no time of their own, so they are counted on the day they are sent:
    they are part of it only when that day, in `time_zone`, is given, and sending must not run past its
    midnight. A longer simulation with the same seed
    and `until` begins with the same journeys. Raises `ValueError` when `until` has no time zone.
    """
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    end = until.astimezone(UTC).replace(microsecond=until.microsecond // 1000 * 1000)
    tag = tag_of(seed, end)
    told = list(islice(draw_journeys(Dice(Random(f"{tag} journeys"), end), Numbers(tag)), journeys))
    told += _legacy(Dice(Random(f"{tag} legacy"), end), tag, journeys, legacy_day, time_zone)
    noise = max(1, round(journeys * NOISE_SHARE))
    events = [event for journey in told + _tests(tag, end, noise) for event in events_of(journey)]
    events += _unknown(tag, end, noise)
    rng = Random(f"{tag} faults")
    deliveries = out_of_order(rng, events)
    for broken in islice(poison(ATLAS, f"{tag}q", end), noise):
        deliveries.insert(int(rng.random() * len(deliveries)), broken)
    duplicates = sum(delivery.duplicate for delivery in deliveries)
    return Simulation(deliveries, truth_of(told, time_zone), len(events), duplicates, noise)


def bodies(seed: int, count: int, until: datetime = BENCH_END) -> Iterator[bytes]:
    """`count` bodies of different events in the order of their journeys, without any fault."""
    tag = tag_of(seed, until)
    journeys = draw_journeys(Dice(Random(f"{tag} journeys"), until), Numbers(tag))
    return islice((event.body() for journey in journeys for event in events_of(journey)), count)


def organization_ids() -> tuple[str, ...]:
    """Every organization that sends something real, for the settings of the source."""
    return tuple(organization.id for organization in (*ORGANIZATIONS, LEGACY))


def _legacy(dice: Dice, tag: str, journeys: int, day: date | None, time_zone: str) -> list[Journey]:
    if day is None:
        return []
    at, numbers = datetime.combine(day, time(12), ZoneInfo(time_zone)), Numbers(tag)
    return [
        draw_legacy_conversation(dice, numbers.take(LEGACY.id, LEGACY.series), LEGACY_CAMPAIGN, at)
        for _ in range(max(1, journeys // 100))
    ]


def _tests(tag: str, end: datetime, count: int) -> list[Journey]:
    """What somebody tried out from the provider's portal; no mart may show it."""
    dice, numbers = Dice(Random(f"{tag} tests"), end), Numbers(tag)
    return [
        draw_conversation(dice, numbers.take(PLACEHOLDER.id, PLACEHOLDER.series), TEST_CAMPAIGN, end)
        for _ in range(count)
    ]


def _unknown(tag: str, end: datetime, count: int) -> list[Event]:
    return [unknown_event(ATLAS, f"{tag}u{name:04x}", name, end) for name in range(count)]
