"""Seeded random draws within the simulated period, and sequences of ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

UNKNOWN = 0.04
"""Probability that the first event of an entity is never delivered although later ones are."""

UTC_ZONE = ZoneInfo("UTC")

T = TypeVar("T")


class HasInstant(Protocol):
    """Protocol of objects that happen at an instant."""

    @property
    def at(self) -> datetime:
        """Instant at which it happens."""


H = TypeVar("H", bound=HasInstant)


@dataclass(frozen=True, slots=True)
class SeededRandom:
    """Random draws from one seeded generator.

    `end` is the end of the simulated period; days begin at midnight in `zone`.
    """

    rng: Random
    end: datetime
    zone: ZoneInfo = UTC_ZONE

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.rng.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options, each with the same probability."""
        return options[int(self.rng.random() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """Draw one option; `options` are pairs `(option, weight)`."""
        mark = self.rng.random() * sum(weight for _, weight in options)
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        return options[-1][0]

    def after(self, at: datetime, least_hours: float, most_hours: float) -> datetime:
        """Draw an instant between the limits after `at`, more often early than late; at least 1 ms later."""
        hours = least_hours + (most_hours - least_hours) * self.rng.random() ** 2
        return at + timedelta(milliseconds=1 + int(hours * 3_600_000))

    def slot(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Draw a meeting start 1 to 11 days after `at`, on the half hour of a working day in `zone`."""
        day = at.astimezone(zone).date() + timedelta(days=1 + int(self.rng.random() * 9))
        day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
        half_hours = int(self.rng.random() * 17)
        local = datetime(day.year, day.month, day.day, 9 + half_hours // 2, half_hours % 2 * 30, tzinfo=zone)
        return local.astimezone(UTC)

    def unless_after_end(self, at: datetime | None) -> datetime | None:
        """Return `at`, or None when it is later than the end of the simulated period."""
        return at if at is not None and at <= self.end else None

    def only_before_end(self, things: Iterable[H]) -> tuple[H, ...]:
        """Return the things that happen before the end of the simulated period."""
        return tuple(thing for thing in things if thing.at <= self.end)


@dataclass(slots=True)
class IdSequence:
    """Generator of consecutive ids. Each starts with `tag`, so ids of two simulations differ."""

    tag: str
    _next: dict[str, int] = field(default_factory=dict)

    def take(self, organization_id: str, series: str) -> str:
        """Return the next id of an organization. Two organizations with the same `series` get equal ids."""
        number = self._next.get(organization_id, 0)
        self._next[organization_id] = number + 1
        return f"{self.tag}{series}{number:06x}"
