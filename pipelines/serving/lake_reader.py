"""Read-only access to the lake for people and tools. Readers and the loader never block each other."""

import duckdb

from pipelines.errors import Unavailable, UsageError
from pipelines.host.values import QueryResult, to_json_value
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.serving.table_macros import LAKE, create_macros
from pipelines.settings import Settings


def open_for_reading(settings: Settings, *, pinned: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a read-only connection with the lake attached as `wh` and with the table macros.

    A `pinned` connection reads the snapshot of the moment it was opened; otherwise each statement reads the
    newest one. Raises `Unavailable` when there is no lake yet or it cannot be opened.
    """
    if not catalog_file(settings.warehouse).exists():
        raise Unavailable(
            f"there is no lake in {settings.warehouse}; start `hirestream up` or `make demo` first"
        )
    try:
        con = open_lake(settings.warehouse, read_only=True, pinned=pinned)
        create_macros(con, LAKE)
    except duckdb.Error as error:
        raise Unavailable(f"the lake cannot be opened: {_first_line(error)}") from error
    return con


def query(settings: Settings, sql: str) -> QueryResult:
    """Run one SELECT on the lake. Raises `UsageError` with DuckDB's message when the query fails."""
    con = open_for_reading(settings)
    try:
        result = con.execute(sql)
        columns = [column[0] for column in result.description or ()]
        return QueryResult(columns, [[to_json_value(value) for value in row] for row in result.fetchall()])
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {_first_line(error)}") from error
    finally:
        con.close()


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
