"""Rows of frames into tables of the lake and out of them, within a transaction that is open."""

import datetime as dt
from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from pipelines.lake.offsets import LastBatch
from pipelines.lake.schema import BATCHES, DELIVERIES, all_tables
from pipelines.load.ledger_rows import chain_hash

SAME_PLACE = '(topic_id, partition, "offset") IN (SELECT (topic_id, partition, "offset") FROM moved)'
SAME_EVENT = "event_key IN (SELECT event_key FROM moved)"
"""Conditions for `delete`."""


def insert(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Add the rows to `schema.table`, by the names of their columns."""
    if frame.height:
        con.register("frame", frame)
        con.execute(f"INSERT INTO wh.{table} BY NAME SELECT * FROM frame")  # noqa: S608 - our own names
        con.unregister("frame")


def delete(con: duckdb.DuckDBPyConnection, table: str, where: str, moved: pl.DataFrame) -> None:
    """Delete the rows of `schema.table` for which a condition on the frame `moved` holds."""
    con.register("moved", moved)
    con.execute(f"DELETE FROM wh.{table} WHERE {where}")  # noqa: S608 - our own names
    con.unregister("moved")


def replace(
    con: duckdb.DuckDBPyConnection, table: str, where: str, moved: pl.DataFrame, after: pl.DataFrame
) -> None:
    """Delete such rows and add others."""
    delete(con, table, where, moved)
    insert(con, table, after)


def event_tables_of(event_types: Iterable[str | None]) -> list[str]:
    """Tables that may hold events of these types: their own and the one for types without a contract."""
    own = {f"events.{(event_type or '').lower()}" for event_type in event_types}
    return ["events.generic", *(name for name, _ in all_tables() if name.split("__")[0] in own)]


def batch_without_records(
    kind: str, last: LastBatch, at: dt.datetime, holder: str, changes: Mapping[str, int] | None = None
) -> pl.DataFrame:
    """The row of `ledger.batches` for a commit that took nothing from the topic, after the `last` one.

    `changes` is by how much it changed the totals of outcomes.
    """
    row = {
        "batch_id": last.batch_id + 1,
        "kind": kind,
        "loaded_at": at,
        "loader": holder,
        **dict.fromkeys(("records", "loaded", "duplicate", "quarantined"), 0),
        **(changes or {}),
        "chain_sha256": chain_hash(last.chain_sha256, pl.DataFrame(schema=dict(DELIVERIES))),
    }
    return pl.DataFrame([row], schema=dict(BATCHES))
