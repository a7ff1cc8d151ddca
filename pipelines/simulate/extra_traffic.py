"""Simulated traffic besides the drawn journeys: legacy bodies, other senders, tests, unknown events."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from pipelines.simulate.delivery.faults import unknown_event
from pipelines.simulate.journeys.conversations import draw_conversation, draw_legacy_conversation
from pipelines.simulate.journeys.generator import SPAN
from pipelines.simulate.journeys.orufy_bookings import draw_orufy
from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.payloads.events import SimulatedEvent
from pipelines.simulate.payloads.job_board import job_board_events
from pipelines.simulate.world.rng import IdSequence, SeededRandom
from pipelines.simulate.world.tenants import ATLAS, LEGACY, LEGACY_CAMPAIGN, PLACEHOLDER, TEST_CAMPAIGN

LEGACY_SHARE = 0.01
"""Number of conversations in the legacy envelope, as a share of the number of journeys."""
ORUFY_SHARE = 0.06
"""Number of Orufy bookings, as a share of the number of journeys."""
JOB_BOARD_SHARE = 0.02
"""Number of job board applications, as a share of the number of journeys."""


def legacy_conversations(tag: str, end: datetime, journeys: int, at: datetime) -> list[Journey]:
    """Draw conversations for the legacy envelope; all their events happen at `at`."""
    dice, numbers = SeededRandom(Random(f"{tag} legacy"), end), IdSequence(tag)
    return [
        draw_legacy_conversation(dice, numbers.take(LEGACY.id, LEGACY.series), LEGACY_CAMPAIGN, at)
        for _ in range(max(1, int(journeys * LEGACY_SHARE)))
    ]


def orufy_bookings(tag: str, end: datetime, journeys: int, at: datetime) -> list[Journey]:
    """Draw bookings at Orufy; all their events happen at `at`."""
    dice, count = SeededRandom(Random(f"{tag} orufy"), end), max(1, round(journeys * ORUFY_SHARE))
    return [*draw_orufy(dice, IdSequence(tag), at, count)]


def job_board(tag: str, end: datetime, journeys: int) -> Iterator[SimulatedEvent]:
    """Draw the events of a job board, a sender whose events have no contracts."""
    count = max(1, round(journeys * JOB_BOARD_SHARE))
    return job_board_events(SeededRandom(Random(f"{tag} job board"), end), tag, count, SPAN)


def test_conversations(tag: str, end: datetime, count: int) -> list[Journey]:
    """Draw test conversations as sent from the provider's portal; no mart may count them."""
    dice, numbers = SeededRandom(Random(f"{tag} tests"), end), IdSequence(tag)
    return [
        draw_conversation(dice, numbers.take(PLACEHOLDER.id, PLACEHOLDER.series), TEST_CAMPAIGN, end)
        for _ in range(count)
    ]


def unknown_events(tag: str, end: datetime, count: int) -> list[SimulatedEvent]:
    """Create `count` events of types without a contract."""
    return [unknown_event(ATLAS, f"{tag}u{name:04x}", name, end) for name in range(count)]
