"""Counts behind a rate, and its 95 % confidence interval. All reports compute rates and intervals here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

Z95 = 1.959963984540054
FEW = 30
"""Number of cases below which the interval is more informative than the rate."""

Verdict = Literal["rise", "fall", "no clear change"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Confidence interval, from `low` to `high`, of a share or of a difference of shares."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RateCounts:
    """Counts of the entities behind a rate; denominator, open and excluded add up to the population.

    `excluded` has the count by reason.
    """

    numerator: int
    denominator: int
    open: int
    excluded: Mapping[str, int]

    @property
    def population(self) -> int:
        """Number of all entities: denominator, open and excluded."""
        return self.denominator + self.open + sum(self.excluded.values())

    @property
    def is_few(self) -> bool:
        """Return whether the rate rests on at least one case but fewer than `FEW`."""
        return 0 < self.denominator < FEW

    @property
    def rate(self) -> float | None:
        """Numerator divided by denominator; None when the denominator is 0."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> Interval | None:
        """Wilson 95 % interval of the rate; None when the denominator is 0."""
        return wilson(self.numerator, self.denominator)


def total(parts: Iterable[RateCounts]) -> RateCounts:
    """Return the sum of the counts of disjoint groups. A reason that a group lacks counts as 0 there."""
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
    """Return the Wilson 95 % interval of a share; None for a denominator of 0.

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
    """Difference between a rate and an earlier rate, both shares, with its 95 % interval."""

    difference: float
    interval: Interval

    @property
    def verdict(self) -> Verdict:
        """Direction of the change; "no clear change" when the interval contains 0."""
        if self.interval.low > 0:
            return "rise"
        return "fall" if self.interval.high < 0 else "no clear change"


def change(before: RateCounts, after: RateCounts) -> Change | None:
    """Return the difference of two independent rates with Newcombe's score interval.

    None when one of them has no cases.
    """
    old, new = before.interval, after.interval
    if old is None or new is None or before.rate is None or after.rate is None:
        return None
    difference = after.rate - before.rate
    down = sqrt((after.rate - new.low) ** 2 + (old.high - before.rate) ** 2)
    up = sqrt((new.high - after.rate) ** 2 + (before.rate - old.low) ** 2)
    return Change(difference, Interval(max(-1.0, difference - down), min(1.0, difference + up)))
