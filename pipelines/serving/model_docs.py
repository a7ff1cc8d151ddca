"""Descriptions of the models from their YAML files, for SQL comments in the lake and the published file.

DuckLake stores no comments on columns of views, so the comment of a view lists its columns.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import yaml  # type: ignore[import-untyped]

from pipelines.lake.connection import open_lake
from pipelines.lake.sql import sql_literal
from pipelines.lake.transaction import is_contention
from pipelines.lake.writer_lock import WriterLock
from receiver.settings import PROJECT

log = logging.getLogger(__name__)

MODELS = PROJECT / "models"
SCHEMAS = ("entities", "marts")
"""Schemas that readers use; the schema `staging` is internal to the models."""


@dataclass(frozen=True, slots=True)
class ModelDocs:
    """Description of a table or view, and descriptions of its columns by column name."""

    about: str
    columns: Mapping[str, str]

    def with_columns(self) -> str:
        """Return the description followed by one line for each column."""
        return "\n".join([self.about, *(f"{name}: {text}" for name, text in self.columns.items())])


@cache
def meanings() -> Mapping[str, ModelDocs]:
    """Return the descriptions of all entities and marts by `schema.table`."""
    return MappingProxyType(dict(_read_docs()))


def comment_lake(warehouse: Path) -> int:
    """Set missing or outdated comments on entities and marts of a lake; returns the number of comments set.

    All comments are set in one commit. When another writer is in the way, none is set and the next call tries
    again.
    """
    with open_lake(warehouse, read_only=True) as con:
        statements = list(_comment_statements(con))
    if statements:
        try:
            _execute_in_transaction(warehouse, statements)
        except duckdb.Error as error:
            if not is_contention(error):
                raise
            log.info("another writer was in the way of comments; put there the next time")
            return 0
    return len(statements)


def described_models(schema: str) -> Iterator[dict[str, Any]]:
    """Yield the models that the YAML files of one schema describe, as dictionaries in dbt's format."""
    for file in sorted((MODELS / schema).glob("_*.yml")):
        yield from yaml.safe_load(file.read_text("utf-8")).get("models", [])


def _read_docs() -> Iterator[tuple[str, ModelDocs]]:
    for schema in SCHEMAS:
        for model in described_models(schema):
            columns = {column["name"]: column["description"] for column in model["columns"]}
            yield f"{schema}.{model['name']}", ModelDocs(model["description"], columns)


def _comment_statements(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield a `COMMENT ON` statement for each comment that is missing or outdated."""
    docs = meanings()
    for name, kind, comment in _relations(con):
        if name in docs:
            meaning = docs[name].about if kind == "TABLE" else docs[name].with_columns()
            if comment != meaning:
                yield f"COMMENT ON {kind} {_quoted_name(name)} IS {sql_literal(meaning)}"
    for name, column, comment in _table_columns(con):
        about = docs[name].columns.get(column) if name in docs else None
        if about is not None and comment != about:
            yield f'COMMENT ON COLUMN {_quoted_name(name)}."{column}" IS {sql_literal(about)}'


def _relations(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str | None]]:
    return con.execute(
        "SELECT schema_name || '.' || table_name, 'TABLE', comment FROM duckdb_tables() "
        "WHERE database_name = 'wh' "
        "UNION ALL SELECT schema_name || '.' || view_name, 'VIEW', comment FROM duckdb_views() "
        "WHERE database_name = 'wh' ORDER BY ALL"
    ).fetchall()


def _table_columns(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str | None]]:
    return con.execute(
        "SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns() "
        "SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = 'wh' ORDER BY ALL"
    ).fetchall()


def _quoted_name(name: str) -> str:
    schema, table = name.split(".")
    return f'wh.{schema}."{table}"'


def _execute_in_transaction(warehouse: Path, statements: list[str]) -> None:
    with WriterLock(warehouse).acquired(), open_lake(warehouse) as con:
        con.begin()
        for statement in statements:
            con.execute(statement)
        con.commit()
