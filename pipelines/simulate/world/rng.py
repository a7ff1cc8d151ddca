"""Seeded chance, and the end of the simulated time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

UNKNOWN = 0.04
"""Probability that the first event about something never arrives, although later ones do."""

UTC_ZONE = ZoneInfo("UTC")

T = TypeVar("T")


class Happens(Protocol):
    """Anything with an instant."""

    @property
    def at(self) -> datetime:
        """When."""


H = TypeVar("H", bound=Happens)


@dataclass(frozen=True, slots=True)
class SeededRandom:
    """Draws by one seeded generator. Nothing happens after `end`; days are cut in `zone`."""

    rng: Random
    end: datetime
    zone: ZoneInfo = UTC_ZONE

    def chance(self, probability: float) -> bool:
        """True as often as `probability` says."""
        return self.rng.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.rng.random() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of (option, weight)."""
        mark = self.rng.random() * sum(weight for _, weight in options)
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        return options[-1][0]

    def after(self, at: datetime, least_hours: float, most_hours: float) -> datetime:
        """An instant in that span after `at`, rather early than late; at least a millisecond later."""
        hours = least_hours + (most_hours - least_hours) * self.rng.random() ** 2
        return at + timedelta(milliseconds=1 + int(hours * 3_600_000))

    def slot(self, at: datetime, zone: ZoneInfo) -> datetime:
        """A start of a meeting one to eleven days after `at`, on the half hour of a working day in `zone`."""
        day = at.astimezone(zone).date() + timedelta(days=1 + int(self.rng.random() * 9))
        day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
        half_hours = int(self.rng.random() * 17)
        local = datetime(day.year, day.month, day.day, 9 + half_hours // 2, half_hours % 2 * 30, tzinfo=zone)
        return local.astimezone(UTC)

    def known(self, at: datetime | None) -> datetime | None:
        """`at`, or None where it lies after the end."""
        return at if at is not None and at <= self.end else None

    def happened(self, things: Iterable[H]) -> tuple[H, ...]:
        """Those that happened before the end."""
        return tuple(thing for thing in things if thing.at <= self.end)


@dataclass(slots=True)
class IdSequence:
    """Consecutive ids. `tag` keeps simulations apart; two organizations of one series get equal ids."""

    tag: str
    _next: dict[str, int] = field(default_factory=dict)

    def take(self, organization_id: str, series: str) -> str:
        """The next number of an organization."""
        number = self._next.get(organization_id, 0)
        self._next[organization_id] = number + 1
        return f"{self.tag}{series}{number:06x}"
