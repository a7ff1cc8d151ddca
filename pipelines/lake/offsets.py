"""Offsets that the lake holds; no other place is authoritative."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

FIRST_CHAIN = "0" * 64


@dataclass(frozen=True, slots=True)
class Position:
    """Position up to which one partition of a topic is loaded."""

    topic_id: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True)
class LastBatch:
    """The newest commit; its number and the end of the hash chain."""

    batch_id: int
    chain_sha256: str


def positions(con: duckdb.DuckDBPyConnection, topic: str) -> list[Position]:
    """The positions of a topic by the id it had; more than one id means that it was recreated."""
    rows = con.execute(
        """
        SELECT topic_id, partition, arg_max(next_offset, batch_id) FROM wh.ledger.offsets
        WHERE topic = ? GROUP BY ALL ORDER BY ALL
        """,
        [topic],
    ).fetchall()
    return [Position(*row) for row in rows]


def last_batch(con: duckdb.DuckDBPyConnection, since: int = 0) -> LastBatch:
    """The newest commit, number 0 in an empty lake. `since` is a number it has at least, which spares
    reading older files; number 0 again when there is none."""
    row = con.execute(
        f"""
        SELECT max(batch_id), max_by(chain_sha256, batch_id) FROM wh.ledger.batches
        WHERE batch_id >= {since:d}
        """  # noqa: S608 - a number, written out so that DuckLake picks files by it
    ).fetchone()
    return LastBatch(row[0], row[1]) if row and row[0] is not None else LastBatch(0, FIRST_CHAIN)


def snapshot_id(con: duckdb.DuckDBPyConnection) -> int:
    """The snapshot that a transaction on the lake sees. Every commit of anybody makes the next one."""
    ((found,),) = con.execute("SELECT id FROM ducklake_current_snapshot('wh')").fetchall()
    return int(found)


def by_partition(found: list[Position], topic_id: str) -> Mapping[int, int]:
    """Next offset by partition, of one incarnation of the topic."""
    return {p.partition: p.next_offset for p in found if p.topic_id == topic_id}
