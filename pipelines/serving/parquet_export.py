"""Export of entities, marts, ledger and events at one snapshot as plain Parquet files.

Bodies are not exported; the ledger's files have the sha256 of each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.lake.schema_docs import described_tables
from pipelines.lake.sql import sql_literal
from pipelines.serving.model_docs import meanings
from pipelines.serving.personal_columns import personal_columns

SCHEMAS = ("ledger", "events", "entities", "marts")
LEFT_OUT = frozenset({"ledger.bodies"})


@dataclass(frozen=True, slots=True)
class ExportedColumn:
    """Column of an exported file. `type` is the DuckDB type; times are UTC."""

    name: str
    type: str
    description: str
    personal: bool


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """Exported table. `file` is relative to the export's folder, `left_out` are omitted personal columns."""

    name: str
    file: str
    description: str
    rows: int
    columns: tuple[ExportedColumn, ...]
    left_out: tuple[str, ...]


def export_tables(con: duckdb.DuckDBPyConnection, folder: Path, *, personal: bool) -> Iterator[ExportedTable]:
    """Write a Parquet file for each table and mart, and yield its description after it is written.

    `con` has the lake attached as `wh`, pinned. Raises `duckdb.Error` when a file cannot be written.
    """
    for name, types in _relations(con).items():
        hidden = frozenset() if personal else personal_columns().get(name, frozenset())
        yield _write(con, folder, name, types, hidden)


def _relations(con: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, str]]:
    """Return the SQL types of all tables and models to export, by `schema.table` and column name."""
    known = {table.name for table in described_tables()} - LEFT_OUT
    rows = con.execute(
        """
        SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()
        WHERE database_name = 'wh' AND list_contains(?, schema_name)
        ORDER BY list_position(?, schema_name), table_name, column_index
        """,
        [SCHEMAS, SCHEMAS],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        if table in known or table in meanings():
            found.setdefault(table, {})[column] = kind
    return found


def _write(
    con: duckdb.DuckDBPyConnection, folder: Path, name: str, types: Mapping[str, str], hidden: frozenset[str]
) -> ExportedTable:
    schema, table = name.split(".")
    file = f"{schema}/{table}.parquet"
    (folder / schema).mkdir(parents=True, exist_ok=True)
    shown = [column for column in types if column not in hidden]
    selected = ", ".join(f'"{column}"' for column in shown)
    ((rows,),) = con.execute(
        f'COPY (SELECT {selected} FROM wh.{schema}."{table}") TO {sql_literal(folder / file)} '  # noqa: S608
        "(FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    docs, personal = _docs_of(name), personal_columns().get(name, frozenset())
    columns = tuple(
        ExportedColumn(column, types[column], docs.columns.get(column, ""), column in personal)
        for column in shown
    )
    return ExportedTable(name, file, docs.about, rows, columns, tuple(c for c in types if c in hidden))


@dataclass(frozen=True, slots=True)
class _Docs:
    about: str
    columns: Mapping[str, str]


def _docs_of(name: str) -> _Docs:
    if name in meanings():
        return _Docs(meanings()[name].about, meanings()[name].columns)
    table = {table.name: table for table in described_tables()}.get(name)
    if table is None:
        return _Docs("", {})
    return _Docs(table.description, {column.name: column.description for column in table.columns})
