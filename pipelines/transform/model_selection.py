"""Selection of the models to build, from dbt's manifest."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.lake.connection import open_lake


def downstream_entities(manifest: Any, touched: Collection[str]) -> list[str]:
    """Return the names of the entities that depend on one of the `touched` event tables, sorted.

    Tables are named with or without the schema `events`, such as `conversation_started`. A model that reads
    only some event types of its sources lists them in `meta.event_types`.
    """
    return sorted(
        node.name
        for node in _entities(manifest)
        if any(_reads(manifest, node, table.removeprefix("events.")) for table in touched)
    )


def entities(manifest: Any) -> list[str]:
    """Return the names of all entities (incremental models), sorted."""
    return sorted(node.name for node in _entities(manifest))


def model_relations(manifest: Any) -> list[tuple[str, str]]:
    """Return `(schema, name)` of every model that exists in the lake as a table or view."""
    return [
        (node.schema, node.name)
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized != "ephemeral"
    ]


def outgrown_entities(manifest: Any, warehouse: Path) -> list[str]:
    """Return the names of the entities that gained a column since their table was created, sorted."""
    with open_lake(warehouse, read_only=True) as con:
        present = _columns_by_table(con)
    return sorted(
        node.name
        for node in _entities(manifest)
        if (have := present.get((node.schema, node.name))) and not set(node.columns) <= have
    )


def _entities(manifest: Any) -> Iterator[Any]:
    for node in manifest.nodes.values():
        if node.resource_type == "model" and node.config.materialized == "incremental":
            yield node


def _reads(manifest: Any, node: Any, table: str) -> bool:
    wanted = node.config.meta.get("event_types")
    if wanted is not None and table.partition("__")[0] not in wanted:
        return False
    source = f"source.{node.package_name}.events.{table}"
    return source in _ancestors(manifest, node.unique_id)


def _ancestors(manifest: Any, unique_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        node = manifest.nodes.get(waiting.pop())
        new = set(node.depends_on.nodes) - found if node is not None else set()
        found |= new
        waiting += new
    return found


def _columns_by_table(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    rows = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'wh'"
    ).fetchall()
    for schema, table, column in rows:
        found.setdefault((schema, table), set()).add(column)
    return found
