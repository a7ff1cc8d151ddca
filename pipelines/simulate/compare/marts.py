"""Compare the marts of the lake with the truth of a simulation, cell by cell and in both directions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isclose

import duckdb

from pipelines.simulate.truth.cells import Key, TruthRow
from pipelines.simulate.truth.mart_definitions import MARTS, Mart

Number = float | None
Numbers = Mapping[str, Number]
Cells = dict[Key, Numbers]
TOLERANCE = 1e-6
"""Tolerance for figures, relative and absolute; counts must be equal.

The absolute one is for seconds: the difference of two instants as doubles has no more digits.
"""


@dataclass(frozen=True, slots=True)
class MartComparison:
    """Comparison of one metric of one mart.

    `cells` is the number of cells in either. The totals are of the first count column. `differing` has a line
    for each cell that differs.
    """

    mart: str
    metric: str
    cells: int
    truth_total: int
    mart_total: int
    differing: tuple[str, ...]


def differences(con: duckdb.DuckDBPyConnection, truth: Iterable[TruthRow]) -> list[str]:
    """Return one line for each cell of `wh.marts` that differs from the truth.

    Numbers that depend on the query time are not compared. `con` has the lake attached as `wh`. Raises
    `duckdb.Error` when a mart or a column of it is missing.
    """
    return [line for each in compare(con, truth, timeless=True) for line in each.differing]


def compare(
    con: duckdb.DuckDBPyConnection, truth: Iterable[TruthRow], *, timeless: bool = False
) -> list[MartComparison]:
    """Compare every metric of every mart; `timeless` omits numbers that depend on the query time."""
    expected: dict[str, Cells] = {mart.name: {} for mart in MARTS}
    for row in truth:
        expected[row.mart][*row.keys.values(), row.day] = {**row.counts, **row.figures}
    return [
        compared
        for mart in MARTS
        for compared in _compare_mart(mart, expected[mart.name], _lake_cells(con, mart), timeless)
    ]


def _lake_cells(con: duckdb.DuckDBPyConnection, mart: Mart) -> Cells:
    """Read the cells of a mart in the lake. Raises `duckdb.Error` when two rows have the same key."""
    names = [*mart.keys, "day", *mart.counts, *mart.figures]
    # the names are constants of this package
    query = f"SELECT {', '.join(names)} FROM wh.marts.{mart.name}"  # noqa: S608
    width = len(mart.keys) + 1
    cells: Cells = {}
    for row in con.execute(query).fetchall():
        if row[:width] in cells:
            raise duckdb.Error(f"{mart.name} has two rows of {row[:width]}")
        cells[row[:width]] = dict(zip(names[width:], row[width:], strict=True))
    return cells


def _compare_mart(mart: Mart, expected: Cells, found: Cells, timeless: bool) -> Iterator[MartComparison]:
    """Yield one comparison per metric; a mart without metrics has one comparison with the mart's name."""
    omitted = mart.time_dependent_counts if timeless else frozenset[str]()
    columns = [name for name in (*mart.counts, *mart.figures) if name not in omitted]
    keys = sorted(expected.keys() | found.keys(), key=lambda key: (_metric(mart, key), str(key)))
    for metric, group in groupby(keys, key=lambda key: _metric(mart, key)):
        if timeless and metric in mart.time_dependent_metrics:
            continue
        cells = list(group)
        lines = (_line(mart, columns, key, expected.get(key), found.get(key)) for key in cells)
        yield MartComparison(
            mart.name,
            metric,
            len(cells),
            _total(mart, expected, cells),
            _total(mart, found, cells),
            tuple(line for line in lines if line),
        )


def _metric(mart: Mart, key: Key) -> str:
    return str(key[0]) if mart.metrics else mart.name


def _total(mart: Mart, numbers: Cells, keys: Sequence[Key]) -> int:
    return sum(int(numbers[key][mart.counts[0]] or 0) for key in keys if key in numbers)


def _line(mart: Mart, columns: list[str], key: Key, expected: Numbers | None, found: Numbers | None) -> str:
    """Describe how a cell differs from the truth; an empty string when it does not."""
    where = f"{mart.name} {' '.join(str(part) for part in key if part is not None)}"
    first = mart.counts[0]
    if found is None:
        return f"{where}: missing in the mart, truth has {first} {expected and expected[first]}"
    if expected is None:
        return f"{where}: not in the truth, the mart has {first} {found[first]}"
    problems = [
        f"{name} {found[name]} instead of {expected[name]}"
        for name in columns
        if not _is_equal(mart, name, expected[name], found[name])
    ]
    return f"{where}: {', '.join(problems)}" if problems else ""


def _is_equal(mart: Mart, name: str, expected: Number, found: Number) -> bool:
    if expected is None or found is None or name in mart.counts:
        return expected == found
    return isclose(expected, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
