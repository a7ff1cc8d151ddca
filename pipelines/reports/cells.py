"""Reading a rate mart: its cells as a frame, and parts summed out of that frame."""

from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl

from pipelines.errors import Unavailable
from pipelines.reports.parts import Parts
from pipelines.reports.questions import Question

_KEYS = ("organization_id", "campaign_id", "external_campaign_id", "day")
_COUNTS = ("numerator", "denominator", "open")
_EXCLUDED = "excluded_"
_REMARKS = ("denominator_", "open_")


def read_cells(con: duckdb.DuckDBPyConnection, question: Question) -> pl.DataFrame:
    """Every cell of the question's mart: organization, campaign, day, each count, and what is remarked on it.

    Raises `Unavailable` where the mart was not built yet.
    """
    kinds = (_EXCLUDED, *_REMARKS)
    counts = [name for name in columns_of(con, question.mart) if name in _COUNTS or name.startswith(kinds)]
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in counts)
    keys = ", ".join(_KEYS)
    sql = f"SELECT {keys}, {sums} FROM wh.marts.{question.mart} WHERE metric = ? GROUP BY {keys}"  # noqa: S608
    return con.execute(sql, [question.metric]).pl()


def columns_of(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    """The columns of a mart. Raises `Unavailable` where it was not built yet."""
    try:
        return [name for name, *_ in con.execute(f"DESCRIBE FROM wh.marts.{mart}").fetchall()]
    except duckdb.CatalogException:
        raise Unavailable(
            f"there is no mart {mart} yet; `hirestream stream` builds it when it loads events"
        ) from None


def sum_parts(cells: pl.DataFrame) -> Parts:
    """All cells as one."""
    return _parts(cells.select(_count_columns(cells)).sum().row(0, named=True))


def sum_remarks(cells: pl.DataFrame) -> dict[str, int]:
    """What is remarked on the cells, by column."""
    return {name: int(cells[name].sum()) for name in cells.columns if name.startswith(_REMARKS)}


def parts_by(cells: pl.DataFrame, *keys: str) -> Iterator[tuple[tuple[Any, ...], Parts]]:
    """The cells summed for each value of the keys; a missing value is a group of its own."""
    names = _count_columns(cells)
    for row in cells.group_by(keys).agg(pl.col(names).sum()).iter_rows(named=True):
        yield tuple(row[key] for key in keys), _parts(row)


def _count_columns(cells: pl.DataFrame) -> list[str]:
    return [name for name in cells.columns if name in _COUNTS or name.startswith(_EXCLUDED)]


def _parts(row: dict[str, Any]) -> Parts:
    excluded = {k.removeprefix(_EXCLUDED): int(v) for k, v in row.items() if k.startswith(_EXCLUDED)}
    return Parts(int(row["numerator"]), int(row["denominator"]), int(row["open"]), excluded)
