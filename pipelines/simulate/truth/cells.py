"""Expected cells of every mart, counted from the journeys."""

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
"""Values of the key columns of a cell, the day last."""


@dataclass(frozen=True, slots=True)
class TruthRow:
    """Expected cell of a mart: key values by column (except the day), counts and other figures by column."""

    mart: str
    keys: dict[str, Value]
    day: date
    counts: dict[str, int]
    figures: dict[str, float | None]

    @property
    def organization_id(self) -> str:
        """Organization of the cell."""
        return str(self.keys["organization_id"])


@dataclass(slots=True)
class _Cell:
    """Counts of a cell while members are added."""

    counts: Counter[str] = field(default_factory=Counter)
    values: list[float] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, member: CountedMember) -> None:
        """Add a member. Columns in `distinct` count each value once."""
        new = set(member.distinct.items()) - self.seen
        self.seen |= new
        self.counts.update((*member.columns, *(column for column, _ in new)))
        if member.value is not None:
            self.values.append(member.value)


def truth_of(
    journeys: Iterable[Journey], time_zone: str, now: datetime, *, timeout_hours: float = 48
) -> list[TruthRow]:
    """Return every cell with members of every mart at `now`, in a fixed order, with days in `time_zone`.

    A conversation that is open for longer than `timeout_hours` is treated as timed out.
    """
    facts, zone = facts_of(journeys, now, timedelta(hours=timeout_hours)), ZoneInfo(time_zone)
    return [row for mart in MARTS for row in _rows(mart, facts, zone)]


def _rows(mart: Mart, facts: SimulationFacts, zone: ZoneInfo) -> Iterator[TruthRow]:
    cells: defaultdict[tuple[date, tuple[Value, ...]], _Cell] = defaultdict(_Cell)
    for member in mart.members(facts):
        metric = (member.metric,) if mart.metrics else ()
        day = member.at.astimezone(zone).date()
        cells[day, (*metric, *member.where, *member.own)].add(member)
    for (day, key), cell in sorted(cells.items(), key=lambda entry: str(entry[0])):
        yield _row(mart, key, day, cell)


def _row(mart: Mart, key: tuple[Value, ...], day: date, cell: _Cell) -> TruthRow:
    counts = {name: cell.counts.pop(name, 0) for name in mart.counts}
    if cell.counts:
        raise ValueError(f"{mart.name} has no column {sorted(cell.counts)}")
    figures = {name: figure(counts, cell.values) for name, figure in mart.figures.items()}
    return TruthRow(mart.name, dict(zip(mart.keys, key, strict=True)), day, counts, figures)
