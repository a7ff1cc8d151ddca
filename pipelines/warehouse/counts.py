"""Sizes and shapes of tables, cheaply: DuckLake answers a count of a table from its catalog."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from pipelines.warehouse.lake import open_lake


def row_counts(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, int]:
    """Rows by `schema.table` of the tables and views named; those that do not exist are left out."""
    counted = {}
    for name in names:
        try:
            row = con.execute(f"SELECT count(*) FROM wh.{name}").fetchone()  # noqa: S608 - our own names
        except duckdb.CatalogException:
            continue
        counted[name] = int(row[0]) if row else 0
    return counted


def column_types(warehouse: Path) -> Mapping[str, Mapping[str, str]]:
    """SQL types by `schema.table` and column of what the lake holds; empty where there is none yet."""
    if not (warehouse / "catalog.sqlite").exists():
        return {}
    try:
        with open_lake(warehouse, read_only=True) as con:
            rows = con.execute(
                "SELECT schema_name || '.' || table_name, column_name, data_type "
                "FROM duckdb_columns() WHERE database_name = 'wh'"
            ).fetchall()
    except duckdb.Error:
        return {}
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found
