"""The published file `warehouse.duckdb`: entities, marts and macros as a plain DuckDB file for any tool.

A new edition is written to another file that then replaces the old one atomically. So no reader waits or sees
an incomplete file; a reader that has the old edition open keeps it. Entities, and the members of rates (many
for each entity), cost most to copy, so they are copied less often into a base file from which every edition
starts. Members of durations are one for each conversation, and the macros compute percentiles from them, so
they are copied with the marts.
"""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from pipelines.host.file_lock import exclusive_file
from pipelines.lake.catalog import relations
from pipelines.lake.connection import open_lake
from pipelines.lake.sql import sql_literal
from pipelines.serving.mart_catalog import COUNTED
from pipelines.serving.model_docs import comment_lake, meanings
from pipelines.serving.personal_columns import personal_columns
from pipelines.serving.table_macros import PUBLISHED, create_macros
from pipelines.settings import Settings
from receiver.atomic_files import put_in_place

Connection = duckdb.DuckDBPyConnection

MEMBERS = "marts.members"
_DURATION_MARTS = ", ".join(sql_literal(counted.name) for counted in COUNTED if counted.measured)
_AGE_NOTES = {
    MEMBERS: " In this file those of rates are as old as the entities and can be older than the other marts; "
    "those of durations are as new as these."
}

PUBLISH_DUTY_FACTOR = 4
"""Minimum pause between editions, as a multiple of the time that the last one took to write.

At a million events an edition costs 15 CPU seconds."""


class PublishedFileWriter:
    """Writer of the published file, which keeps the time of its last edition."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base = settings.warehouse / "published-entities.duckdb"
        self._marts_at = self._entities_at = float("-inf")
        self._took_seconds = 0.0

    def publish_if_due(self, *, now: bool = False) -> bool:
        """Write an edition if the last is old enough, or at once with `now`; returns whether one was written.

        The pause grows with the time that the last edition took, so that most of the time none is written.
        """
        wait = max(self._settings.publish.marts_seconds, PUBLISH_DUTY_FACTOR * self._took_seconds)
        if not now and time.monotonic() - self._marts_at < wait:
            return False
        started = time.monotonic()
        with exclusive_file(self._settings.warehouse / "publish.lock"):
            self._publish(now=now)
        self._took_seconds = time.monotonic() - started
        return True

    def _publish(self, *, now: bool) -> None:
        publish = self._settings.publish
        if now or time.monotonic() - self._entities_at >= publish.entities_seconds or not self._base.exists():
            comment_lake(self._settings.warehouse)
            self._write(self._base, None, partial(copy_base, personal=publish.personal))
            self._entities_at = time.monotonic()
        self._write(self._settings.published, self._base, copy_marts)
        self._marts_at = time.monotonic()

    def _write(self, target: Path, start_from: Path | None, copy: Callable[[Connection], None]) -> None:
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        if start_from is not None:
            shutil.copyfile(start_from, new)
        con = open_lake(self._settings.warehouse, pinned=True)
        try:
            con.execute(f"ATTACH {sql_literal(new)} AS edition")
            copy(con)
            con.execute("DETACH edition")
        finally:
            con.close()
        put_in_place(new, target)


def copy_base(con: Connection, *, personal: bool = False) -> None:
    """Copy entities and the members of rates from the lake into tables of the database `edition`.

    Columns about persons are copied only when `personal` is true.
    """
    for name in relations(con, "entities"):
        copy_relation(con, name, personal=personal)
    if MEMBERS in relations(con, "marts"):
        copy_relation(con, MEMBERS, f"mart NOT IN ({_DURATION_MARTS})")


def copy_marts(con: Connection) -> None:
    """Copy all other marts and the members of durations into `edition`, and create the macros there.

    `edition` is a copy of the base file.
    """
    for name in relations(con, "marts"):
        if name != MEMBERS:
            copy_relation(con, name)
    if MEMBERS in relations(con, "marts", of="edition"):
        for relation in sorted({f"staging.{counted.members}" for counted in COUNTED if counted.measured}):
            con.execute(f"INSERT INTO edition.{MEMBERS} BY NAME FROM wh.{relation}")
    con.execute("USE edition")
    create_macros(con, PUBLISHED)
    con.execute("USE wh")


def copy_relation(
    con: Connection, name: str, where: str = "true", *, of: str = "wh", personal: bool = False
) -> None:
    """Copy a table or view of the database `of` into `edition`, with comments on the table and its columns.

    `name` is `schema.table`, `where` a SQL condition. Columns about persons are copied only when `personal`.
    """
    hidden = frozenset() if personal else personal_columns().get(name, frozenset())
    chosen = f"* EXCLUDE ({', '.join(sorted(hidden))})" if hidden else "*"
    schema, table = name.split(".")
    copied = f'edition.{schema}."{table}"'
    con.execute(f"CREATE SCHEMA IF NOT EXISTS edition.{schema}")
    con.execute(
        f'CREATE TABLE {copied} AS SELECT {chosen} FROM {of}.{schema}."{table}" WHERE {where}'  # noqa: S608 - our own names
    )
    if name in meanings():
        meaning = meanings()[name]
        about = f"{meaning.about}{_AGE_NOTES.get(name, '')}"
        con.execute(f"COMMENT ON TABLE {copied} IS {sql_literal(about)}")
        for column in (column for column in meaning.columns if column not in hidden):
            text = meaning.columns[column]
            con.execute(f'COMMENT ON COLUMN {copied}."{column}" IS {sql_literal(text)}')
