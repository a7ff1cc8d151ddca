"""Redaction of lake records: a slice of bodies, event rows and quarantine in each transaction."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import duckdb
import polars as pl

from pipelines.admin.erasure.person_search import ErasureRequest, PersonRecords
from pipelines.admin.erasure.quarantine_reasons import without_quotes
from pipelines.admin.reprocess.redecode import ledger_after, redecode, redecode_loaded
from pipelines.decode.decoded_batch import INSTANT
from pipelines.flatten.frames import event_frames
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import BODIES, DELIVERIES, ERASURES, QUARANTINE, REDACTIONS, SUPPRESSIONS
from pipelines.lake.schema_docs import described_tables
from pipelines.lake.suppressions import suppression_rows
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.ledger_rows import CommitInfo
from pipelines.load.table_writes import (
    SAME_EVENT,
    SAME_PLACE,
    batch_without_records,
    delete,
    event_tables_of,
    insert,
    replace,
)
from pipelines.privacy.keyed_hash import KEY_MARK, KeyedHasher
from pipelines.privacy.redaction import redact
from pipelines.privacy.suppression import SuppressionList

ERASURE = "erasure"
"""Batch kind of an erasure; a new batch makes a running loader decide its pending records again."""

RECORDS_AT_ONCE = 2_000
"""Records redacted in one transaction."""


class Eraser:
    """Redaction of lake records through one connection; each transaction holds the writer lock."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        writer_lock: WriterLock,
        keyed: KeyedHasher,
        *,
        holder: str,
        organizations: Mapping[str, frozenset[str]],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._con = con
        self._writer_lock = writer_lock
        self._keyed = keyed
        self._holder = holder
        self._organizations = organizations
        self._clock = clock

    def register(self, erasure_id: str, request: ErasureRequest, found: PersonRecords, who: str) -> None:
        """Record the start of an erasure and its suppressions; a loader redacts what it commits from then on.

        Raises `SettingsError` when the suppressions of this lake were made with another key.
        """
        hashes = {self._keyed.hash_of(kind, value, org) for kind, org, value in found.names}
        row = {
            "erasure_id": erasure_id,
            "kind": request.kind,
            "organization_id": request.organization,
            "value_hmac": self._keyed.hash_of(request.kind, request.value, request.organization),
            "begun_at": self._clock(),
            "who": who,
        }
        with self._writer_lock.acquired():
            in_transaction(self._con, lambda: self._register(row, hashes))

    def begin(self, erasure_id: str, kind: str, who: str) -> None:
        """Record the start of an erasure that names no person, such as one by retention."""
        row = {"erasure_id": erasure_id, "kind": kind, "begun_at": self._clock(), "who": who}
        with self._writer_lock.acquired():
            in_transaction(self._con, lambda: self._register(row, set()))

    def redact(self, erasure_id: str, positions: pl.DataFrame) -> Counter[str]:
        """Redact the records at these positions that are not redacted yet; return changed rows by table."""
        done: Counter[str] = Counter()
        for part in positions.iter_slices(RECORDS_AT_ONCE):
            with self._writer_lock.acquired():
                done += in_transaction(self._con, lambda part=part: self._redact(erasure_id, part))  # type: ignore[misc]
        return done

    def finish(self, erasure_id: str, event_types: Mapping[str, int]) -> None:
        """Record the end of an erasure with its number of records by event type.

        This commit must add a data file after `narrow_statistics`, and the changed row does.
        """
        values = [self._clock(), sum(event_types.values()), json.dumps(event_types), erasure_id]
        with self._writer_lock.acquired():
            in_transaction(self._con, lambda: self._finish(values))

    def _finish(self, values: list[Any]) -> None:
        self._con.execute(
            "UPDATE wh.ledger.erasures SET finished_at = ?, records = ?, event_types = ? "
            "WHERE erasure_id = ?",
            values,
        )

    def _register(self, row: dict[str, Any], hashes: set[str]) -> None:
        SuppressionList(self._keyed).stored(suppression_rows(self._con))
        erasure_id, mark = row["erasure_id"], self._keyed.mark()
        rows = self._con.execute(
            "SELECT value_hmac FROM wh.ledger.suppressions WHERE erasure_id IN (?, ?)", [erasure_id, KEY_MARK]
        ).fetchall()
        known = {value for (value,) in rows}
        fresh = [{"erasure_id": erasure_id, "value_hmac": value} for value in sorted(hashes - known)]
        if fresh and mark not in known:
            fresh.append({"erasure_id": KEY_MARK, "value_hmac": mark})
        existing = self._con.execute(
            "SELECT count(*) FROM wh.ledger.erasures WHERE erasure_id = ?", [erasure_id]
        ).fetchone()
        if existing == (0,):
            insert(self._con, "ledger.erasures", pl.DataFrame([row], schema=dict(ERASURES)))
        insert(self._con, "ledger.suppressions", pl.DataFrame(fresh, schema=dict(SUPPRESSIONS)))
        if fresh or existing == (0,):
            insert(self._con, "ledger.batches", self._new_batch()[1])

    def _redact(self, erasure_id: str, positions: pl.DataFrame) -> Counter[str]:
        """Redact one slice of records inside a transaction; return changed rows by table."""
        rows = self._redacted_rows(self._ledger_rows(positions))
        if not rows.height:
            return Counter()
        stamp, batch = self._new_batch()
        rows = rows.with_columns(
            pl.coalesce("erased_at", pl.lit(stamp.loaded_at)).cast(INSTANT).alias("erased_at")
        )
        done = Counter({"ledger.deliveries": rows.height})
        done += self._replace_events(rows, stamp)
        done += self._replace_bodies(rows)
        redactions = rows.select(
            "topic_id",
            "topic",
            "partition",
            "offset",
            pl.lit(erasure_id).alias("erasure_id"),
            pl.lit(stamp.loaded_at).cast(INSTANT).alias("redacted_at"),
            pl.Series("body_sha256", [sha256(body).hexdigest() for body in rows["body"]], dtype=pl.String),
        )
        replace(self._con, "ledger.redactions", SAME_PLACE, rows, redactions.select(list(REDACTIONS)))
        insert(self._con, "ledger.batches", batch)
        return done

    def _ledger_rows(self, positions: pl.DataFrame) -> pl.DataFrame:
        """Return the ledger rows at these positions with their stored body and quarantine columns."""
        self._con.register("positions", positions)
        found = self._con.execute(
            """
            SELECT d.*, coalesce(b.body, q.body) AS body, q.topic_id IS NOT NULL AS is_quarantined,
                q.stage, q.reason AS headline, q.reasons
            FROM wh.ledger.deliveries AS d
            SEMI JOIN positions AS p USING (topic_id, partition, "offset")
            LEFT JOIN wh.ledger.bodies AS b USING (topic_id, partition, "offset")
            LEFT JOIN wh.quarantine.records AS q USING (topic_id, partition, "offset")
            WHERE b.topic_id IS NOT NULL OR q.topic_id IS NOT NULL
            ORDER BY d.batch_id, partition, "offset"
            """
        ).pl()
        self._con.unregister("positions")
        return found

    def _redacted_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that are not redacted yet, with a redacted body."""
        places = zip(rows["body"].to_list(), rows["provider"].to_list(), strict=True)
        bodies = [redact(body, provider or "", self._keyed.pseudonym) for body, provider in places]
        after = pl.Series("body", bodies, dtype=pl.Binary)
        return rows.with_columns(after).filter((after != rows["body"]) | rows["erased_at"].is_null())

    def _replace_events(self, rows: pl.DataFrame, stamp: CommitInfo) -> Counter[str]:
        """Rewrite event rows from the redacted bodies, and all ledger rows; return changed rows by table."""
        loaded = rows.filter(pl.col("outcome") == "loaded")
        batch = redecode(loaded)
        decided = redecode_loaded(batch, loaded)
        after = ledger_after(loaded, batch, decided, stamp, new=False)
        fits = pl.Series("fits", [outcome == "loaded" for outcome in decided.outcomes], dtype=pl.Boolean)
        moved, refused = after.filter(fits), loaded.filter(~fits)
        marked = after.with_columns(pl.lit(stamp.batch_id, dtype=pl.Int64).alias("batch_id"))
        frames = event_frames(batch.decoded, marked, decided.loaded, self._organizations)
        done = Counter({f"events.{name}": frame.height for name, frame in frames.items()})
        for table in event_tables_of(moved["event_type"].unique().to_list()):
            delete(self._con, table, SAME_EVENT, moved)
        for name, frame in frames.items():
            insert(self._con, f"events.{name}", frame)
        done += self._empty_refused(refused)
        others = rows.filter(pl.col("outcome") != "loaded")
        ledger = pl.concat(
            [part.select(list(DELIVERIES)) for part in (moved, refused, others)], how="vertical_relaxed"
        )
        replace(self._con, "ledger.deliveries", SAME_PLACE, rows, ledger)
        return done

    def _empty_refused(self, refused: pl.DataFrame) -> Counter[str]:
        """Set personal columns and extras to NULL in event rows that the current contracts refuse.

        Return changed rows by table.
        """
        done: Counter[str] = Counter()
        if not refused.height:
            return done
        personal = {table.name: [c.name for c in table.columns if c.personal] for table in described_tables()}
        for table in event_tables_of(refused["event_type"].unique().to_list()):
            names = [
                *personal[table],
                "payload" if table == "events.generic" else "",
                *_extras_columns(table),
            ]
            emptied = ", ".join(f'"{name}" = NULL' for name in names if name)
            self._con.register("moved", refused)
            if emptied:
                self._con.execute(f"UPDATE wh.{table} SET {emptied} WHERE {SAME_EVENT}")  # noqa: S608 - our own names
                done[table] += refused.height
            self._con.unregister("moved")
        return done

    def _replace_bodies(self, rows: pl.DataFrame) -> Counter[str]:
        """Write redacted bodies and quarantine records, whose reasons lose quoted field names.

        Return changed rows by table.
        """
        done: Counter[str] = Counter()
        bodies, quarantined = rows.filter(~pl.col("is_quarantined")), rows.filter("is_quarantined")
        if bodies.height:
            replace(self._con, "ledger.bodies", SAME_PLACE, bodies, bodies.select(list(BODIES)))
            done["ledger.bodies"] += bodies.height
        if quarantined.height:
            after = without_quotes(quarantined.with_columns(pl.col("headline").alias("reason")))
            replace(self._con, "quarantine.records", SAME_PLACE, quarantined, after.select(list(QUARANTINE)))
            done["quarantine.records"] += quarantined.height
        return done

    def _new_batch(self) -> tuple[CommitInfo, pl.DataFrame]:
        """Return the stamp of this commit and its batch row, which has no records and changes no total."""
        last, at = last_batch(self._con), self._clock()
        return CommitInfo(last.batch_id + 1, at), batch_without_records(ERASURE, last, at, self._holder)


def _extras_columns(table: str) -> list[str]:
    return [] if "__" in table else ["extras"]
