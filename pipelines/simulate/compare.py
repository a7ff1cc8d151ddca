"""Compares the marts of the lake with the truth of a simulation, cell by cell and in both directions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import duckdb

from pipelines.simulate.marts import MARTS, Mart
from pipelines.simulate.truth import TruthRow

Cell = tuple[str, date]
Parts = Mapping[str, int]


def differences(con: duckdb.DuckDBPyConnection, truth: Iterable[TruthRow]) -> list[str]:
    """One line for each number of `wh.marts` that is not the truth; empty when all are.

    `con` has the lake attached as `wh`. Only the default metric of each mart is looked at. Raises
    `duckdb.Error` when a mart or a column of it is missing.
    """
    expected: dict[str, dict[Cell, Parts]] = {mart.name: {} for mart in MARTS}
    for row in truth:
        expected[row.mart][row.organization_id, row.day] = _parts(row)
    return [line for mart in MARTS for line in _compare(mart, expected[mart.name], _found(con, mart))]


def _parts(row: TruthRow) -> Parts:
    excluded = {f"excluded_{reason}": count for reason, count in row.excluded.items()}
    whole = {"population": row.population, "numerator": row.numerator, "denominator": row.denominator}
    return {**whole, "open": row.open, **excluded}


def _columns(mart: Mart) -> tuple[str, ...]:
    return ("population", "numerator", "denominator", "open", *(f"excluded_{name}" for name in mart.excluded))


def _found(con: duckdb.DuckDBPyConnection, mart: Mart) -> dict[Cell, Parts]:
    """The mart summed to organization and day; a null counts as itself, so it never equals a number."""
    sums = ", ".join(
        f'CASE WHEN count(*) = count("{name}") THEN sum("{name}") END' for name in _columns(mart)
    )
    # The names are this module's own; only the metric is a value.
    query = f"SELECT organization_id, day, {sums} FROM wh.marts.{mart.name} WHERE metric = ? GROUP BY ALL"  # noqa: S608
    rows = con.execute(query, [mart.metric]).fetchall()
    return {(row[0], row[1]): dict(zip(_columns(mart), row[2:], strict=True)) for row in rows}


def _compare(mart: Mart, expected: Mapping[Cell, Parts], found: Mapping[Cell, Parts]) -> Iterator[str]:
    for cell in sorted(expected.keys() | found.keys(), key=str):
        where = f"{mart.name} {mart.metric} {cell[0]} {cell[1]}"
        if cell not in found:
            yield f"{where}: missing in the mart, truth has population {expected[cell]['population']}"
        elif cell not in expected:
            yield f"{where}: not in the truth, the mart has population {found[cell]['population']}"
        elif wrong := [
            _wrong(name, expected[cell], found[cell]) for name in _differing(expected, found, cell)
        ]:
            yield f"{where}: {', '.join(wrong)}"


def _differing(expected: Mapping[Cell, Parts], found: Mapping[Cell, Parts], cell: Cell) -> list[str]:
    return [name for name, count in expected[cell].items() if found[cell][name] != count]


def _wrong(name: str, expected: Parts, found: Parts) -> str:
    return f"{name} {found[name]} instead of {expected[name]}"
