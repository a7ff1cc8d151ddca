"""The plain `warehouse.duckdb`: entities and marts as tables of one file that any tool opens.

It is written beside the one in use and put in its place in one step, so no reader ever waits or sees half of
it; who has it open keeps what they opened. The entities cost most and change least, so they are copied rarely
into a base file, from which every new edition starts.
"""

import os
import shutil
import time
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.lease import one_at_a_time

COSTLY_ON_EMPTY_TABLES = "join_order,statistics_propagation"
"""Optimizers that take long over tables of the lake without a row, as those of a provider not in use."""


class Publisher:
    """Writes new editions when they are due."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base = settings.warehouse / "published-entities.duckdb"
        self._marts_at = self._entities_at = float("-inf")

    def publish_if_due(self, *, now: bool = False) -> bool:
        """Write a new edition when the last is old enough, or at once. Returns whether one was written."""
        if not now and time.monotonic() - self._marts_at < self._settings.publish.marts_seconds:
            return False
        with one_at_a_time(self._settings.warehouse / "publish.lock"):
            self._publish(now=now)
        return True

    def _publish(self, *, now: bool) -> None:
        due = self._settings.publish
        if now or time.monotonic() - self._entities_at >= due.entities_seconds or not self._base.exists():
            self._write(self._base, None, "entities")
            self._entities_at = time.monotonic()
        self._write(self._settings.published, self._base, "marts")
        self._marts_at = time.monotonic()

    def _write(self, target: Path, start_from: Path | None, schema: str) -> None:
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        if start_from is not None:
            shutil.copyfile(start_from, new)
        con = open_lake(self._settings.warehouse, pinned=True)
        try:
            con.execute(f"SET disabled_optimizers = '{COSTLY_ON_EMPTY_TABLES}'")
            con.execute(f"ATTACH '{str(new).replace(chr(39), chr(39) * 2)}' AS edition")
            copy_schema(con, schema)
            con.execute("DETACH edition")
        finally:
            con.close()
        _replace(new, target)


def copy_schema(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Every table and view of a schema of the lake as a table of `edition`, with what is said of it."""
    con.execute(f"CREATE SCHEMA IF NOT EXISTS edition.{schema}")
    named = "WHERE database_name = 'wh' AND schema_name = ?"
    tables = con.execute(
        f"SELECT table_name, comment FROM duckdb_tables() {named} "  # noqa: S608 - our own text
        f"UNION ALL SELECT view_name, comment FROM duckdb_views() {named} ORDER BY ALL",
        [schema, schema],
    ).fetchall()
    columns = con.execute(
        f"SELECT table_name, column_name, comment FROM duckdb_columns() {named} AND comment IS NOT NULL",  # noqa: S608
        [schema],
    ).fetchall()
    for table, comment in tables:
        con.execute(f'CREATE TABLE edition.{schema}."{table}" AS FROM wh.{schema}."{table}"')
        if comment:
            con.execute(f'COMMENT ON TABLE edition.{schema}."{table}" IS {_literal(comment)}')
    for table, column, comment in columns:
        con.execute(f'COMMENT ON COLUMN edition.{schema}."{table}"."{column}" IS {_literal(comment)}')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _replace(new: Path, target: Path) -> None:
    """Put a finished file in place durably: its bytes are on disk before its name changes."""
    descriptor = os.open(new, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(target)
