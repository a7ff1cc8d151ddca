"""Replay of stored records after a contract was added or fixed: their bodies are decoded again.

A replay moves records out of quarantine; a rebuild moves loaded events to the tables that their contract
names now. Both may run while the loader runs: they take turns by the writer lock, and each detects commits of
the other. A record that cannot be decoded, or would become another event, is not moved.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import duckdb
import polars as pl

from pipelines.admin.reprocess.redecode import ledger_after, redecode, redecode_loaded, why_refused
from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.flatten.frames import event_frames
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import BODIES, DELIVERIES
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.ledger_rows import CommitInfo
from pipelines.load.outcomes import BODY_DIFFERS, FirstDelivery, decide
from pipelines.load.table_writes import (
    SAME_EVENT,
    SAME_PLACE,
    batch_without_records,
    delete,
    event_tables_of,
    insert,
    replace,
)

RECORDS_AT_ONCE = 5_000
"""Records of one commit, few enough for one turn of the writer lock."""

Kind = Literal["replay", "rebuild"]

_FROM: Mapping[Kind, str] = {
    "replay": """(FROM wh.ledger.deliveries WHERE outcome = 'quarantined') AS d
        JOIN wh.quarantine.records AS kept USING (topic_id, partition, "offset")""",
    "rebuild": """(FROM wh.ledger.deliveries WHERE outcome = 'loaded') AS d
        JOIN wh.ledger.bodies AS kept USING (topic_id, partition, "offset")""",
}


@dataclass(frozen=True, slots=True)
class ReplaySelection:
    """Selection of stored records by an SQL condition `where` with parameters `values`.

    The condition may use the ledger row `d`, and `kept`: the quarantine record, or the body in a rebuild.
    """

    kind: Kind
    where: str = "true"
    values: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Result of a replay; `refused` counts records that were not moved, by reason."""

    loaded: int = 0
    duplicate: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """Number of records that were decoded again."""
        return self.loaded + self.duplicate + sum(self.refused.values())

    def plus(self, other: "ReplayResult") -> "ReplayResult":
        """Return the sum of this result and `other`."""
        refused = Counter(self.refused) + Counter(other.refused)
        loaded, duplicate = self.loaded + other.loaded, self.duplicate + other.duplicate
        tables = tuple(sorted({*self.tables, *other.tables}))
        return ReplayResult(loaded, duplicate, dict(refused), tables)


class Replayer:
    """Replay of lake records through one connection; each transaction holds the writer lock."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        writer_lock: WriterLock,
        *,
        holder: str,
        organizations: Mapping[str, frozenset[str]],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._con = con
        self._writer_lock = writer_lock
        self._holder = holder
        self._organizations = organizations
        self._clock = clock

    def reload(self, selection: ReplaySelection) -> ReplayResult:
        """Decode the selected records again, in several commits; a repeated call continues.

        Raises `Unavailable` when other writers hold the writer lock for too long.
        """
        done = ReplayResult()
        for positions in self._slices(selection):
            with self._writer_lock.acquired():
                done = done.plus(self._commit(selection.kind, positions))
        return done

    def _slices(self, selection: ReplaySelection) -> Iterator[pl.DataFrame]:
        found = self._con.execute(
            f"""
            SELECT topic_id, partition, "offset", d.batch_id FROM {_FROM[selection.kind]}
            WHERE {selection.where}
            ORDER BY d.batch_id, partition, "offset"
            """,  # noqa: S608 - conditions of this project
            list(selection.values),
        ).pl()
        return found.iter_slices(RECORDS_AT_ONCE)

    def _commit(self, kind: Kind, positions: pl.DataFrame) -> ReplayResult:
        return in_transaction(self._con, lambda: self._move(kind, positions))

    def _move(self, kind: Kind, positions: pl.DataFrame) -> ReplayResult:
        """Decode records at `positions` again and write what moves, inside a transaction."""
        rows = self._ledger_rows(kind, positions)
        batch = redecode(rows)
        decided = (
            decide(batch, self._first_deliveries(batch), None)
            if kind == "replay"
            else redecode_loaded(batch, rows)
        )
        last = last_batch(self._con)
        stamp = CommitInfo(last.batch_id + 1, self._clock())
        after = ledger_after(rows, batch, decided, stamp, new=kind == "replay")
        moved = after.filter(pl.col("outcome") != "quarantined")
        frames = event_frames(
            batch.decoded,
            after.with_columns(pl.lit(stamp.batch_id, dtype=pl.Int64).alias("batch_id")),
            decided.loaded,
            self._organizations,
        )
        counts = dict(moved["outcome"].value_counts().iter_rows())
        if moved.height:
            self._write(kind, moved, frames)
            changes = {**counts, "quarantined": -moved.height} if kind == "replay" else {}
            row = batch_without_records(kind, last, stamp.loaded_at, self._holder, changes)
            insert(self._con, "ledger.batches", row)
        refused = Counter(why_refused(batch, i) for i, o in enumerate(decided.outcomes) if o == "quarantined")
        return ReplayResult(
            counts.get("loaded", 0), counts.get("duplicate", 0), dict(refused), tuple(sorted(frames))
        )

    def _ledger_rows(self, kind: Kind, positions: pl.DataFrame) -> pl.DataFrame:
        """Return the ledger rows at `positions` with their bodies, in the order in which they were loaded."""
        self._con.register("positions", positions)
        found = self._con.execute(
            f"""
            SELECT d.*, kept.body FROM {_FROM[kind]}
            WHERE (topic_id, partition, "offset") IN (SELECT (topic_id, partition, "offset") FROM positions)
                AND d.batch_id BETWEEN ? AND ?
            ORDER BY d.batch_id, partition, "offset"
            """,  # noqa: S608 - our own names
            [positions["batch_id"].min(), positions["batch_id"].max()],
        ).pl()
        self._con.unregister("positions")
        return found

    def _first_deliveries(self, batch: DecodedBatch) -> dict[str, FirstDelivery]:
        keys = [found.identity.event_key for found in batch.decoded if found.identity.event_key]
        rows = self._con.execute(
            """
            SELECT event_key, delivery_id, body_sha256 FROM wh.ledger.deliveries
            WHERE outcome = 'loaded' AND event_key IN (SELECT unnest(?))
            """,
            [keys],
        ).fetchall()
        return {key: FirstDelivery(delivery_id, body_sha256) for key, delivery_id, body_sha256 in rows}

    def _write(self, kind: Kind, moved: pl.DataFrame, events: Mapping[str, pl.DataFrame]) -> None:
        replace(self._con, "ledger.deliveries", SAME_PLACE, moved, moved.select(list(DELIVERIES)))
        if kind == "replay":
            delete(self._con, "quarantine.records", SAME_PLACE, moved)
            kept = moved.filter((pl.col("outcome") == "loaded") | (pl.col("reason") == BODY_DIFFERS))
            insert(self._con, "ledger.bodies", kept.select(list(BODIES)))
        else:
            for table in event_tables_of(moved["event_type"].unique().to_list()):
                delete(self._con, table, SAME_EVENT, moved)
        for name, frame in events.items():
            insert(self._con, f"events.{name}", frame)
