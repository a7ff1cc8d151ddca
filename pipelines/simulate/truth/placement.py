"""Assignment of counted members to mart cells, by the day of the start or of the outcome."""

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
    """Member of a mart cell: counts 1 in each of `columns`, on the day of `at`.

    `where` and `own` are the key values of the cell: those of all marts and those of this mart. `value` is
    added to the values that the figures of the cell are computed from. `distinct` maps a column to the id
    that it counts once.
    """

    where: Dimensions
    at: datetime
    columns: tuple[str, ...]
    metric: str = ""
    own: tuple[str | int | bool | None, ...] = ()
    value: float | None = None
    distinct: Mapping[str, str] = field(default_factory=dict)


class MemberBucket(NamedTuple):
    """Bucket of an entity: `HIT`, `MISS`, `OPEN`, or the reason for its exclusion.

    `settled_at` is the time of the outcome, None when open or unknown. `note` adds a column that counts a
    part of the bucket.
    """

    bucket: str
    settled_at: datetime | None = None
    note: str = ""


class CountedEntity(Protocol):
    """Protocol of the entities that a rate counts."""

    @property
    def where(self) -> Dimensions:
        """Key values that every mart has."""

    @property
    def known_at(self) -> datetime:
        """Time from which the entity is known."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Metric of a mart. `entities` returns what may be counted, `bucket_of` the bucket of one entity.

    A bucket of None leaves the entity out. `time_dependent`: the result depends on the query time.
    """

    name: str
    entities: Callable[[SimulationFacts], Iterable[Any]]
    bucket_of: Callable[[Any, SimulationFacts], MemberBucket | None]
    cohort_only: bool = False
    time_dependent: bool = False


def columns_of(bucket: str, note: str = "") -> tuple[str, ...]:
    """Return the columns that count an entity; population = denominator + open + all excluded columns."""
    columns = _COLUMNS.get(bucket, ("population", f"excluded_{bucket}"))
    return (*columns, f"{columns[-1]}_{note}") if note else columns


def members_by_start(rates: Iterable[Rate], facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each entity, on the day of its start."""
    for rate, entity, member_bucket in _entities_with_buckets(rates, facts):
        columns = columns_of(member_bucket.bucket, member_bucket.note)
        yield CountedMember(entity.where, entity.known_at, columns, rate.name)


def members_by_outcome(rates: Iterable[Rate], facts: SimulationFacts) -> Iterator[CountedMember]:
    """Yield a member for each entity with an outcome, on the day of the outcome."""
    activity_rates = [rate for rate in rates if not rate.cohort_only]
    for rate, entity, member_bucket in _entities_with_buckets(activity_rates, facts):
        if member_bucket.settled_at and member_bucket.bucket != OPEN:
            yield CountedMember(
                entity.where, member_bucket.settled_at, columns_of(member_bucket.bucket), rate.name
            )


def _entities_with_buckets(
    rates: Iterable[Rate], facts: SimulationFacts
) -> Iterator[tuple[Rate, CountedEntity, MemberBucket]]:
    for rate in rates:
        for entity in rate.entities(facts):
            member_bucket = rate.bucket_of(entity, facts)
            if member_bucket:
                yield rate, entity, member_bucket
