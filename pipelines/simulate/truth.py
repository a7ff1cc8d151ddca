"""The numbers that every mart must show, counted from what happened to each candidate."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from pipelines.simulate.kinds import Journey
from pipelines.simulate.marts import MARTS, Mart
from pipelines.simulate.placing import HIT, MISS, OPEN


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One cell: population = denominator + open + everything in `excluded`, by column name without prefix."""

    mart: str
    metric: str
    organization_id: str
    day: date
    population: int
    numerator: int
    denominator: int
    open: int
    excluded: dict[str, int]


def truth_of(journeys: Iterable[Journey], time_zone: str) -> list[TruthRow]:
    """Every cell of every mart in which somebody stands, days cut in `time_zone`; in a fixed order."""
    told, zone = list(journeys), ZoneInfo(time_zone)
    return [row for mart in MARTS for row in _cells(mart, told, zone)]


def _cells(mart: Mart, journeys: list[Journey], zone: ZoneInfo) -> Iterator[TruthRow]:
    cells: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for organization_id, at, bucket in mart.place(journeys):
        cells[organization_id, at.astimezone(zone).date()][bucket] += 1
    for (organization_id, day), count in sorted(cells.items()):
        yield TruthRow(
            mart.name,
            mart.metric,
            organization_id,
            day,
            population=count.total(),
            numerator=count[HIT],
            denominator=count[HIT] + count[MISS],
            open=count[OPEN],
            excluded={reason: count[reason] for reason in mart.excluded},
        )
