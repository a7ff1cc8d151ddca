"""The numbers that every mart must show, counted from what happened to each candidate."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.simulate.journeys.types import Journey
from pipelines.simulate.truth.facts import SimulationFacts, facts_of
from pipelines.simulate.truth.mart_definitions import MARTS, Mart
from pipelines.simulate.truth.placement import CountedMember

Value = str | int | bool | None
Key = tuple[Value | date, ...]
"""The columns that name a cell, the day last."""


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One cell of a mart: the columns that name it, the day aside, its counts and its other figures."""

    mart: str
    keys: dict[str, Value]
    day: date
    counts: dict[str, int]
    figures: dict[str, float | None]

    @property
    def organization_id(self) -> str:
        """Owner of the entity."""
        return str(self.keys["organization_id"])


@dataclass(slots=True)
class _Cell:
    """Counts so far."""

    counts: Counter[str] = field(default_factory=Counter)
    values: list[float] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, placed: CountedMember) -> None:
        """Count one more. What counts once is counted when it is first seen."""
        new = set(placed.distinct.items()) - self.seen
        self.seen |= new
        self.counts.update((*placed.columns, *(column for column, _ in new)))
        if placed.value is not None:
            self.values.append(placed.value)


def truth_of(
    journeys: Iterable[Journey], time_zone: str, now: datetime, *, timeout_hours: float = 48
) -> list[TruthRow]:
    """Every cell of every mart in which somebody stands, as it is at `now`, days cut in `time_zone`.

    `timeout_hours`: a conversation open for longer is presumed to be over. In a fixed order.
    """
    facts, zone = facts_of(journeys, now, timedelta(hours=timeout_hours)), ZoneInfo(time_zone)
    return [row for mart in MARTS for row in _rows(mart, facts, zone)]


def _rows(mart: Mart, facts: SimulationFacts, zone: ZoneInfo) -> Iterator[TruthRow]:
    cells: defaultdict[tuple[date, tuple[Value, ...]], _Cell] = defaultdict(_Cell)
    for placed in mart.place(facts):
        metric = (placed.metric,) if mart.metrics else ()
        day = placed.at.astimezone(zone).date()
        cells[day, (*metric, *placed.where, *placed.own)].add(placed)
    for (day, key), cell in sorted(cells.items(), key=lambda entry: str(entry[0])):
        yield _row(mart, key, day, cell)


def _row(mart: Mart, key: tuple[Value, ...], day: date, cell: _Cell) -> TruthRow:
    counts = {name: cell.counts.pop(name, 0) for name in mart.counts}
    if cell.counts:
        raise ValueError(f"{mart.name} has no column {sorted(cell.counts)}")
    figures = {name: figure(counts, cell.values) for name, figure in mart.figures.items()}
    return TruthRow(mart.name, dict(zip(mart.keys, key, strict=True)), day, counts, figures)
