"""Descriptions of the models, for comments in the lake and the published file.

DuckLake keeps no comment on a column of a view, so a view's comment lists its columns.
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
"""Schemas for readers; staging is for the models."""


@dataclass(frozen=True, slots=True)
class ModelDocs:
    """Description of a table or view, and of each of its columns."""

    about: str
    columns: Mapping[str, str]

    def with_columns(self) -> str:
        """All of it as one text."""
        return "\n".join([self.about, *(f"{name}: {text}" for name, text in self.columns.items())])


@cache
def meanings() -> Mapping[str, ModelDocs]:
    """Every described model by `schema.table`."""
    return MappingProxyType(dict(_read()))


def comment_lake(warehouse: Path) -> int:
    """Put on every entity and mart of a lake what it means, where it is not there; returns how many changed.

    All in one commit; another writer in the way is let through, the next call does it.
    """
    with open_lake(warehouse, read_only=True) as con:
        wanted = list(_missing(con))
    if wanted:
        try:
            _write(warehouse, wanted)
        except duckdb.Error as error:
            if not is_contention(error):
                raise
            log.info("another writer was in the way of comments; put there the next time")
            return 0
    return len(wanted)


def described_models(schema: str) -> Iterator[dict[str, Any]]:
    """Every model that the YAML files of one schema describe, in dbt's form."""
    for file in sorted((MODELS / schema).glob("_*.yml")):
        yield from yaml.safe_load(file.read_text("utf-8")).get("models", [])


def _read() -> Iterator[tuple[str, ModelDocs]]:
    for schema in SCHEMAS:
        for model in described_models(schema):
            columns = {column["name"]: column["description"] for column in model["columns"]}
            yield f"{schema}.{model['name']}", ModelDocs(model["description"], columns)


def _missing(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Statements for the comments that are not as they should be."""
    said = meanings()
    for name, kind, comment in _relations(con):
        if name in said:
            meaning = said[name].about if kind == "TABLE" else said[name].with_columns()
            if comment != meaning:
                yield f"COMMENT ON {kind} {_named(name)} IS {sql_literal(meaning)}"
    for name, column, comment in _table_columns(con):
        about = said[name].columns.get(column) if name in said else None
        if about is not None and comment != about:
            yield f'COMMENT ON COLUMN {_named(name)}."{column}" IS {sql_literal(about)}'


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


def _named(name: str) -> str:
    schema, table = name.split(".")
    return f'wh.{schema}."{table}"'


def _write(warehouse: Path, statements: list[str]) -> None:
    with WriterLock(warehouse).acquired(), open_lake(warehouse) as con:
        con.begin()
        for statement in statements:
            con.execute(statement)
        con.commit()
