"""Placement of members in cells, by the day of the start and by the day of the outcome."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from pipelines.simulate.truth.booking_facts import Dimensions
from pipelines.simulate.truth.facts import SimulationFacts

HIT = "numerator"
MISS = "denominator"
OPEN = "open"

_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {HIT: ("population", HIT, MISS), MISS: ("population", MISS), OPEN: ("population", OPEN)}
)


@dataclass(frozen=True, slots=True)
class CountedMember:
    """Something that counts on the day of `at`: one more in each of `columns`.

    `own` are the cuts that only its mart has. `value` joins those that the cell's averages are of. `distinct`
    has for some columns who is counted there once, however often it comes.
    """

    where: Dimensions
    at: datetime
    columns: tuple[str, ...]
    metric: str = ""
    own: tuple[str | int | bool | None, ...] = ()
    value: float | None = None
    distinct: Mapping[str, str] = field(default_factory=dict)


class MemberBucket(NamedTuple):
    """The bucket of an entity: one of the three above, or why it is left out; `note` counts a part of it.

    `settled_at` is when it got there, None while it has not, or where nobody can tell when.
    """

    bucket: str
    settled_at: datetime | None = None
    note: str = ""


class CountedEntity(Protocol):
    """Counted entity: its owner and the place of its start."""

    @property
    def where(self) -> Dimensions:
        """The cuts."""

    @property
    def known_at(self) -> datetime:
        """The beginning."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One metric. `among` are the entities, `stand` says how one stands, None where it has no part in it.

    `asked`: the result depends on the time of asking.
    """

    name: str
    among: Callable[[SimulationFacts], Iterable[Any]]
    stand: Callable[[Any, SimulationFacts], MemberBucket | None]
    cohort_only: bool = False
    asked: bool = False


def columns_of(bucket: str, note: str = "") -> tuple[str, ...]:
    """The columns in which one entity counts: population = denominator + open + everything left out."""
    columns = _COLUMNS.get(bucket, ("population", f"excluded_{bucket}"))
    return (*columns, f"{columns[-1]}_{note}") if note else columns


def by_beginning(rates: Iterable[Rate], facts: SimulationFacts) -> Iterator[CountedMember]:
    """Every entity, where it began."""
    for rate, entity, standing in _standing(rates, facts):
        columns = columns_of(standing.bucket, standing.note)
        yield CountedMember(entity.where, entity.known_at, columns, rate.name)


def by_outcome(rates: Iterable[Rate], facts: SimulationFacts) -> Iterator[CountedMember]:
    """Those that came to an outcome, where they did."""
    both = [rate for rate in rates if not rate.cohort_only]
    for rate, entity, standing in _standing(both, facts):
        if standing.settled_at and standing.bucket != OPEN:
            yield CountedMember(entity.where, standing.settled_at, columns_of(standing.bucket), rate.name)


def _standing(
    rates: Iterable[Rate], facts: SimulationFacts
) -> Iterator[tuple[Rate, CountedEntity, MemberBucket]]:
    for rate in rates:
        for entity in rate.among(facts):
            standing = rate.stand(entity, facts)
            if standing:
                yield rate, entity, standing
