"""A count with everything it is made of, and how sure one can be of its rate. The one place for both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

Z95 = 1.959963984540054
FEW = 30
"""Fewer cases than this say more by their interval than by their rate."""

Verdict = Literal["rise", "fall", "no clear change"]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both shares."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RateCounts:
    """Entities behind a rate: counted, still open, and left out by reason. They add up to the population."""

    numerator: int
    denominator: int
    open: int
    excluded: Mapping[str, int]

    @property
    def population(self) -> int:
        """Every entity, whatever became of it."""
        return self.denominator + self.open + sum(self.excluded.values())

    @property
    def is_few(self) -> bool:
        """Return whether there is a rate, of few cases."""
        return 0 < self.denominator < FEW

    @property
    def rate(self) -> float | None:
        """The share; None where there is nothing to divide by."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> Interval | None:
        """Wilson 95 % interval of the rate; None where there is no rate."""
        return wilson(self.numerator, self.denominator)


def total(parts: Iterable[RateCounts]) -> RateCounts:
    """The sum of disjoint groups. A reason that only some know is 0 in the others."""
    numerator = denominator = still_open = 0
    excluded: dict[str, int] = {}
    for part in parts:
        numerator += part.numerator
        denominator += part.denominator
        still_open += part.open
        for reason, count in part.excluded.items():
            excluded[reason] = excluded.get(reason, 0) + count
    return RateCounts(numerator, denominator, still_open, excluded)


def wilson(numerator: int, denominator: int) -> Interval | None:
    """Wilson 95 % interval of a share; None for an empty denominator.

    Raises `ValueError` unless 0 <= numerator <= denominator.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no share")
    if denominator == 0:
        return None
    share, square = numerator / denominator, Z95 * Z95
    centre = share + square / (2 * denominator)
    spread = Z95 * sqrt(share * (1 - share) / denominator + square / (4 * denominator * denominator))
    scale = 1 + square / denominator
    return Interval(max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


@dataclass(frozen=True, slots=True)
class Change:
    """A rate against an earlier one, as a difference of shares with its 95 % interval."""

    difference: float
    interval: Interval

    @property
    def verdict(self) -> Verdict:
        """Statement that the interval supports."""
        if self.interval.low > 0:
            return "rise"
        return "fall" if self.interval.high < 0 else "no clear change"


def change(before: RateCounts, after: RateCounts) -> Change | None:
    """The difference of two independent rates, by Newcombe's score interval; None where one has no cases."""
    old, new = before.interval, after.interval
    if old is None or new is None or before.rate is None or after.rate is None:
        return None
    difference = after.rate - before.rate
    down = sqrt((after.rate - new.low) ** 2 + (old.high - before.rate) ** 2)
    up = sqrt((new.high - after.rate) ** 2 + (before.rate - old.low) ** 2)
    return Change(difference, Interval(max(-1.0, difference - down), min(1.0, difference + up)))
