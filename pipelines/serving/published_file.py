"""The plain `warehouse.duckdb`: entities, marts and macros in one file that any tool opens.

It is written next to the one in use and put in its place in one step, so no reader ever waits or sees half of
it; who has it open keeps what they opened. What grows with the entities costs most: the entities and the
members of the rates, many for each entity, are copied rarely into a base file, from which every new edition
starts. The members of durations are one for each conversation, and the macros work percentiles out from them,
so they come with the marts.
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
_MEASURED = ", ".join(sql_literal(counted.name) for counted in COUNTED if counted.measured)
_AGES = {
    MEMBERS: " In this file those of rates are as old as the entities and can be older than the other marts; "
    "those of durations are as new as these."
}

PUBLISH_DUTY_FACTOR = 4
"""So many times as long as an edition took there is none: at a million events one costs 15 CPU seconds."""


class PublishedFileWriter:
    """Writes new editions when they are due."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base = settings.warehouse / "published-entities.duckdb"
        self._marts_at = self._entities_at = float("-inf")
        self._took_seconds = 0.0

    def publish_if_due(self, *, now: bool = False) -> bool:
        """Write a new edition when the last is old enough, or at once. Returns whether one was written.

        An edition that took long makes the next one wait longer, so that most of the time none is written.
        """
        wait = max(self._settings.publish.marts_seconds, PUBLISH_DUTY_FACTOR * self._took_seconds)
        if not now and time.monotonic() - self._marts_at < wait:
            return False
        begun = time.monotonic()
        with exclusive_file(self._settings.warehouse / "publish.lock"):
            self._publish(now=now)
        self._took_seconds = time.monotonic() - begun
        return True

    def _publish(self, *, now: bool) -> None:
        due = self._settings.publish
        if now or time.monotonic() - self._entities_at >= due.entities_seconds or not self._base.exists():
            comment_lake(self._settings.warehouse)
            self._write(self._base, None, partial(copy_base, personal=due.personal))
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
    """Entities, and members of rates, of the lake as tables of `edition`; `personal`: whole."""
    for name in relations(con, "entities"):
        copy_relation(con, name, personal=personal)
    if MEMBERS in relations(con, "marts"):
        copy_relation(con, MEMBERS, f"mart NOT IN ({_MEASURED})")


def copy_marts(con: Connection) -> None:
    """Every other mart, the members of durations, and the macros, into an `edition` with the base."""
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
    """One table or view of a database into `edition`, with what is said of it and of its columns.

    Columns about a person are left out unless `personal` asks for them.
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
        about = f"{meaning.about}{_AGES.get(name, '')}"
        con.execute(f"COMMENT ON TABLE {copied} IS {sql_literal(about)}")
        for column in (column for column in meaning.columns if column not in hidden):
            text = meaning.columns[column]
            con.execute(f'COMMENT ON COLUMN {copied}."{column}" IS {sql_literal(text)}')
