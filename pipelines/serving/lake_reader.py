"""How people and tools read the lake: never in the way of a load, never held up by one."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.errors import Unavailable, UsageError
from pipelines.lake.connection import open_lake
from pipelines.serving.table_macros import LAKE, create_macros
from pipelines.settings import Settings

_PLAIN: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((dt.datetime, dt.date, dt.time), lambda value: value.isoformat()),
    ((decimal.Decimal,), lambda value: int(value) if value == value.to_integral_value() else float(value)),
    ((bytes, bytearray), lambda value: bytes(value).hex()),
    ((dt.timedelta, uuid.UUID), str),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query, with plain values that JSON has too."""

    columns: list[str]
    rows: list[list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def open_for_reading(settings: Settings, *, pinned: bool = True) -> duckdb.DuckDBPyConnection:
    """The lake of this moment, read-only, as `wh`; not `pinned`, of the moment of each statement.

    The connection has the table macros. Raises `Unavailable` when there is none yet.
    """
    if not (settings.warehouse / "catalog.sqlite").exists():
        raise Unavailable(
            f"there is no lake in {settings.warehouse}; start `hirestream up` or `make demo` first"
        )
    try:
        con = open_lake(settings.warehouse, read_only=True, pinned=pinned)
        create_macros(con, LAKE)
    except duckdb.Error as error:
        raise Unavailable(f"the lake cannot be opened: {_first_line(error)}") from error
    return con


def query(settings: Settings, sql: str) -> Answer:
    """Run one SELECT. Raises `UsageError` with DuckDB's own words when the SQL is wrong."""
    con = open_for_reading(settings)
    try:
        result = con.execute(sql)
        columns = [column[0] for column in result.description or ()]
        return Answer(columns, [[plain(value) for value in row] for row in result.fetchall()])
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {_first_line(error)}") from error
    finally:
        con.close()


def plain(value: Any) -> Any:
    """A value as JSON has it: instants and dates as ISO text, decimals as numbers, bytes as hex."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    for kinds, convert in _PLAIN:
        if isinstance(value, kinds):
            return convert(value)
    return value


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
