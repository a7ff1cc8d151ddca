"""Reading of marts: their cells as polars frames, and sums over these cells."""

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
    """Metric and the mart that has it; a `HeadlineMetric` or a secondary `Metric`."""

    @property
    def mart(self) -> str: ...

    @property
    def metric(self) -> str: ...


def read_cells(con: duckdb.DuckDBPyConnection, metrics: Sequence[CellFilter]) -> list[pl.DataFrame]:
    """Return one frame for each metric; a row has organization, campaign, day, counts and remark columns.

    Each mart is queried once for all its metrics, because a mart is a view, computed at each query. Raises
    `Unavailable` when a mart is not built yet.
    """
    marts = {mart: _read_mart(con, mart) for mart in dict.fromkeys(each.mart for each in metrics)}
    return [marts[each.mart].filter(pl.col("metric") == each.metric) for each in metrics]


def _read_mart(con: duckdb.DuckDBPyConnection, mart: str) -> pl.DataFrame:
    keys, sums = ", ".join(_KEYS), _count_sums_sql(con, mart)
    return con.execute(f"SELECT {keys}, {sums} FROM wh.marts.{mart} GROUP BY {keys}").pl()  # noqa: S608


def read_sums(
    con: duckdb.DuckDBPyConnection, mart: str, period: Period, keys: Sequence[str] = (), extra: str = ""
) -> pl.DataFrame:
    """Return the counts of a mart without a metric column, summed over the period: one row for each group.

    `keys` are the columns to group by; without them the result is one row, of zeros when the period is empty.
    `extra` is SQL of further columns to select. Raises `Unavailable` when the mart is not built yet.
    """
    grouped = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    wanted = ", ".join((*keys, _count_sums_sql(con, mart), *([extra] if extra else [])))
    sql = f"SELECT {wanted} FROM wh.marts.{mart} WHERE day BETWEEN ? AND ? {grouped}"  # noqa: S608
    return con.execute(sql, [period.first, period.last]).pl()


def _count_sums_sql(con: duckdb.DuckDBPyConnection, mart: str) -> str:
    """Return a SQL select list that sums every count column of the mart."""
    kinds = (_EXCLUDED, *_REMARKS, *_BANDS)
    counts = [name for name in columns_of(con, mart) if name in _COUNTS or name.startswith(kinds)]
    return ", ".join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in counts)


def columns_of(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    """Return the column names of a mart. Raises `Unavailable` when it is not built yet."""
    try:
        return [name for name, *_ in con.execute(f"DESCRIBE FROM wh.marts.{mart}").fetchall()]
    except duckdb.CatalogException:
        raise Unavailable(
            f"there is no mart {mart} yet; `hirestream stream` builds it when it loads events"
        ) from None


def within(cells: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the cells whose day is in the period."""
    return cells.filter(pl.col("day").is_between(period.first, period.last))


def sum_parts(cells: pl.DataFrame) -> RateCounts:
    """Return the counts summed over all cells."""
    return _rate_counts(cells.select(_count_columns(cells)).sum().row(0, named=True))


def sum_remarks(cells: pl.DataFrame) -> dict[str, int]:
    """Return the sum of each remark column (`denominator_…`, `open_…`) by column name."""
    return {name: int(cells[name].sum()) for name in cells.columns if name.startswith(_REMARKS)}


def band_counts(row: dict[str, Any]) -> dict[str, int]:
    """Return the counts of the disjoint bands in a row of sums, by column name in the order of the mart."""
    return {name: int(count) for name, count in row.items() if name.startswith(_BANDS)}


def parts_by(cells: pl.DataFrame, *keys: str) -> Iterator[tuple[tuple[Any, ...], RateCounts]]:
    """Yield `(key values, counts)` of the cells grouped by the key columns; null forms a separate group."""
    names = _count_columns(cells)
    for row in cells.group_by(keys).agg(pl.col(names).sum()).iter_rows(named=True):
        yield tuple(row[key] for key in keys), _rate_counts(row)


def _count_columns(cells: pl.DataFrame) -> list[str]:
    return [name for name in cells.columns if name in _COUNTS or name.startswith(_EXCLUDED)]


def excluded_counts(row: dict[str, Any]) -> dict[str, int]:
    """Return the counts of excluded members in a row of sums, by reason."""
    return {k.removeprefix(_EXCLUDED): int(v) for k, v in row.items() if k.startswith(_EXCLUDED)}


def _rate_counts(row: dict[str, Any]) -> RateCounts:
    still_open = int(row.get("open", 0))
    return RateCounts(int(row["numerator"]), int(row["denominator"]), still_open, excluded_counts(row))
