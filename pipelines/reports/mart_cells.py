"""Reading a rate mart: its cells as a frame, and parts summed out of that frame."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import duckdb
import polars as pl

from pipelines.errors import Unavailable
from pipelines.reports.rates import RateCounts
from pipelines.reports.report_data import Period

_KEYS = ("metric", "organization_id", "campaign_id", "external_campaign_id", "day")
_COUNTS = ("numerator", "denominator", "open")
_EXCLUDED = "excluded_"
_REMARKS = ("denominator_", "open_")
_BANDS = ("within_", "later", "band_")


class CellFilter(Protocol):
    """A metric and the mart that holds it: a question, or a further metric."""

    @property
    def mart(self) -> str: ...

    @property
    def metric(self) -> str: ...


def read_cells(con: duckdb.DuckDBPyConnection, asked: Sequence[CellFilter]) -> list[pl.DataFrame]:
    """Every cell of each metric: organization, campaign, day, each count, and what is remarked on it.

    A mart is read once, however many of its metrics are asked for: it is computed when it is read. Raises
    `Unavailable` where it was not built yet.
    """
    marts = {mart: _read_mart(con, mart) for mart in dict.fromkeys(each.mart for each in asked)}
    return [marts[each.mart].filter(pl.col("metric") == each.metric) for each in asked]


def _read_mart(con: duckdb.DuckDBPyConnection, mart: str) -> pl.DataFrame:
    keys = ", ".join(_KEYS)
    return con.execute(f"SELECT {keys}, {_sums(con, mart)} FROM wh.marts.{mart} GROUP BY {keys}").pl()  # noqa: S608


def read_sums(
    con: duckdb.DuckDBPyConnection, mart: str, period: Period, keys: Sequence[str] = (), extra: str = ""
) -> pl.DataFrame:
    """The counts of a mart without metrics, summed over the period for each value of the keys.

    `extra` is further SQL to select. Without keys one row, of zeros where the period has none. Raises
    `Unavailable` where the mart was not built yet.
    """
    grouped = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    wanted = ", ".join((*keys, _sums(con, mart), *([extra] if extra else [])))
    sql = f"SELECT {wanted} FROM wh.marts.{mart} WHERE day BETWEEN ? AND ? {grouped}"  # noqa: S608
    return con.execute(sql, [period.first, period.last]).pl()


def _sums(con: duckdb.DuckDBPyConnection, mart: str) -> str:
    """SQL that sums every column with counts."""
    kinds = (_EXCLUDED, *_REMARKS, *_BANDS)
    counts = [name for name in columns_of(con, mart) if name in _COUNTS or name.startswith(kinds)]
    return ", ".join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in counts)


def columns_of(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    """The columns of a mart. Raises `Unavailable` where it was not built yet."""
    try:
        return [name for name, *_ in con.execute(f"DESCRIBE FROM wh.marts.{mart}").fetchall()]
    except duckdb.CatalogException:
        raise Unavailable(
            f"there is no mart {mart} yet; `hirestream stream` builds it when it loads events"
        ) from None


def within(cells: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The cells of the period."""
    return cells.filter(pl.col("day").is_between(period.first, period.last))


def sum_parts(cells: pl.DataFrame) -> RateCounts:
    """All cells as one."""
    return _parts(cells.select(_count_columns(cells)).sum().row(0, named=True))


def sum_remarks(cells: pl.DataFrame) -> dict[str, int]:
    """Notes on the cells, by column."""
    return {name: int(cells[name].sum()) for name in cells.columns if name.startswith(_REMARKS)}


def bands_of(row: dict[str, Any]) -> dict[str, int]:
    """The disjoint bands of a summed row, in the order of the mart."""
    return {name: int(count) for name, count in row.items() if name.startswith(_BANDS)}


def parts_by(cells: pl.DataFrame, *keys: str) -> Iterator[tuple[tuple[Any, ...], RateCounts]]:
    """The cells summed for each value of the keys; a missing value is a group of its own."""
    names = _count_columns(cells)
    for row in cells.group_by(keys).agg(pl.col(names).sum()).iter_rows(named=True):
        yield tuple(row[key] for key in keys), _parts(row)


def _count_columns(cells: pl.DataFrame) -> list[str]:
    return [name for name in cells.columns if name in _COUNTS or name.startswith(_EXCLUDED)]


def excluded_of(row: dict[str, Any]) -> dict[str, int]:
    """Members that a summed row leaves out, by reason."""
    return {k.removeprefix(_EXCLUDED): int(v) for k, v in row.items() if k.startswith(_EXCLUDED)}


def _parts(row: dict[str, Any]) -> RateCounts:
    still_open = int(row.get("open", 0))
    return RateCounts(int(row["numerator"]), int(row["denominator"]), still_open, excluded_of(row))
