"""The one load: a batch of the topic into ledger, bodies, event tables, quarantine and offsets, or nothing.

Two callers use it: the Dagster asset and `hirestream stream`. Whatever breaks, a record is in the lake with
all its rows or not at all, because they and the offset that follows are written in one transaction.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.errors import HirestreamError, Unavailable
from pipelines.flatten.frames import event_frames
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.offsets import LastBatch, last_batch, snapshot_id
from pipelines.lake.suppressions import suppression_rows
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.duplicate_index import KeyIndex, prefixes
from pipelines.load.ledger_rows import (
    LOAD,
    CommitInfo,
    batch_frame,
    bodies_frame,
    ledger_frame,
    offsets_frame,
    quarantine_frame,
    redactions_frame,
    suppressions_frame,
)
from pipelines.load.outcomes import FirstDelivery, Outcomes, decide, rejected
from pipelines.load.registered_frames import FrameRegistry
from pipelines.load.reject_history import committed_windows, quarantined_among
from pipelines.load.reject_limit import RejectLimit
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.suppression import SuppressionList

log = logging.getLogger(__name__)


class ConcurrentLoaderError(HirestreamError):
    """Somebody else has committed a batch in between, although this loader holds the lease."""


TIMES_OVERTAKEN = 20
"""Maximum number of times that outcomes are decided again because a replay or a rebuild committed."""


LOADS_A_CONNECTION = 1_000
"""DuckLake 1.0 keeps the statistics of each table as of each commit until its connection is closed: 35 kB a
commit, 3 GB a day at one a second. To open another one takes half a second."""

FEW = 32
"""Keys or batches that are compared one by one."""


class StaleBatchError(Exception):
    """Something was committed after this batch was decided on."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Result of one commit: rows by event table, next offset by partition."""

    batch_id: int
    loaded_at: dt.datetime
    records: int
    loaded: int
    duplicate: int
    quarantined: int
    tables: Mapping[str, int]
    next_offsets: Mapping[int, int]

    @property
    def files(self) -> int:
        """Number of files that the commit wrote: one a table, of which five are not of events."""
        return len(self.tables) + 3 + bool(self.loaded) + bool(self.quarantined)


class Loader:
    """Loads batches through one connection, in order. Hold the lease while using it."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        start: Mapping[int, int],
        *,
        holder: str,
        organizations: Mapping[str, frozenset[str]],
        rejects: RejectLimit | None,
        clock: Callable[[], dt.datetime],
        writer_lock: WriterLock | None = None,
        keyed: KeyedHasher | None = None,
        reopen: Callable[[], duckdb.DuckDBPyConnection] | None = None,
    ) -> None:
        self.next_offsets = dict(start)
        self._con = con
        self._holder = holder
        self._organizations = organizations
        self._rejects = rejects
        self._clock = clock
        self._writer_lock = writer_lock.acquired if writer_lock else nullcontext
        self._last = last_batch(con)
        # After the number: an erasure that is committed between the two is then known already, or its number
        # is newer than this one and the first batch is decided again. The other way round it would be missed.
        self._suppressions = SuppressionList(keyed).stored(suppression_rows(con))
        self._snapshot_id = -1
        self._reopen = reopen
        self._loads = 0
        self._held = FrameRegistry(con)
        self._index = rebuilt_index(con)
        if rejects:
            rejects.keep(committed_windows(con))

    def decode(self, raw: RawBatch) -> DecodedBatch:
        """Decode a batch and redact records of erased persons. Reads no lake, so any thread may call it."""
        return self._suppressions.redacted(decode_batch(raw))

    def load(self, batch: DecodedBatch) -> LoadResult:
        """Commit a batch. Raises `TooManyRejects` or a database error, and has then written nothing."""
        self._renew_if_due()
        for _ in range(TIMES_OVERTAKEN):
            try:
                return self._load(batch)
            except StaleBatchError:
                self._catch_up()
        raise Unavailable("a replay or a rebuild was in the way again and again; start the loader once more")

    def _load(self, read: DecodedBatch) -> LoadResult:
        batch = self._suppressions.redacted(read)  # nothing to do, unless the list grew since it was read
        decided = decide(batch, self._earlier(batch), quarantined_among(self._con, rejected(batch)))
        windows = self._rejects.check(_rejected(batch, decided)) if self._rejects else None
        stamp = CommitInfo(self._last.batch_id + 1, self._clock())
        frames = self._frames(batch, decided, stamp)
        chain = str(frames["ledger.batches"]["chain_sha256"][0])
        self._held.hold(frames)
        with self._writer_lock():
            self._snapshot_id = in_transaction(self._con, lambda: self._write(list(frames), stamp.batch_id))
        self._held.release()
        self._suppressions = self._suppressions.extended(batch.suppressions)
        self._last = LastBatch(stamp.batch_id, chain)
        self._remember(batch, decided)
        if self._rejects and windows is not None:
            self._rejects.keep(windows)
        done = _loaded(frames)
        self.next_offsets.update(done.next_offsets)
        return done

    def close(self) -> None:
        """Close its connection, which may be another one than it began with."""
        self._con.close()

    def _renew_if_due(self) -> None:
        """Change to a new connection; without a way to open one it keeps its own, and while that fails."""
        self._loads += 1
        if self._reopen is None or self._loads < LOADS_A_CONNECTION:
            return
        try:
            fresh = self._reopen()
        except duckdb.Error as error:  # a busy catalog: tried again before the next load
            log.warning("the lake was not opened again: %s", type(error).__name__)
            return
        before, self._con, self._loads = self._con, fresh, 0
        self._held = FrameRegistry(fresh)
        before.close()

    def _earlier(self, batch: DecodedBatch) -> dict[str, FirstDelivery]:
        """First deliveries of the keys in a batch, from the ledger; the index names the batches to read."""
        keys = [found.identity.event_key for found in batch.decoded if found.identity.event_key]
        known, batches = self._index.find(prefixes(keys))
        asked = [key for key, hit in zip(keys, known, strict=True) if hit]
        if not asked:
            return {}
        found = self._con.execute(
            f"""
            SELECT event_key, delivery_id, body_sha256, outcome FROM wh.ledger.deliveries
            WHERE {_among(batches, len(asked))}
            """,  # noqa: S608 - numbers, written out so that DuckLake picks files by them
            [asked],
        ).fetchall()
        return {key: FirstDelivery(*first) for key, *first, outcome in found if outcome == "loaded"}

    def _frames(self, batch: DecodedBatch, decided: Outcomes, stamp: CommitInfo) -> dict[str, pl.DataFrame]:
        """Every frame of the commit by table; only those with rows."""
        ledger = ledger_frame(batch, decided, stamp)
        frames = {
            "ledger.deliveries": ledger,
            "ledger.bodies": bodies_frame(batch, ledger),
            "ledger.offsets": offsets_frame(ledger, batch.raw.ends),
            "ledger.batches": batch_frame(self._last.chain_sha256, self._holder, ledger, stamp),
            "quarantine.records": quarantine_frame(batch, decided, ledger),
        }
        if batch.erased:
            frames["ledger.redactions"] = redactions_frame(batch, ledger)
            frames["ledger.suppressions"] = suppressions_frame(batch)
        events = event_frames(batch.decoded, ledger, decided.loaded, self._organizations)
        frames |= {f"events.{name}": frame for name, frame in events.items()}
        return {name: frame for name, frame in frames.items() if frame.height}

    def _write(self, tables: list[str], batch_id: int) -> int:
        """The work of one transaction: the snapshot that it makes.

        Nobody has committed since the own last commit while the lake is still at its snapshot; else the
        ledger says whether it was a batch. Should another commit take the number, the next check sees it.
        """
        before = snapshot_id(self._con)
        known = batch_id - 1
        if before != self._snapshot_id and last_batch(self._con, known).batch_id != known:
            raise StaleBatchError
        for name in tables:
            source = self._held.source_of(name)
            self._con.execute(f"INSERT INTO wh.{name} BY NAME SELECT * FROM {source}")  # noqa: S608 - our own names
        return before + 1

    def _catch_up(self) -> None:
        """Learn what was moved and who was erased meanwhile.

        Raises `ConcurrentLoaderError` when another loader committed.
        """
        newest, known = last_batch(self._con), self._last.batch_id
        loads = self._con.execute(
            "SELECT count(*) FROM wh.ledger.batches WHERE batch_id > ? AND kind = ?", [known, LOAD]
        ).fetchone()
        if loads != (0,):
            raise ConcurrentLoaderError(
                "another loader has committed to this lake; stop it, then start this one again"
            )
        _add_keys(self._index, self._con, "moved_batch_id > ?", [known])
        self._suppressions = self._suppressions.stored(suppression_rows(self._con))
        self._last = newest

    def _remember(self, batch: DecodedBatch, decided: Outcomes) -> None:
        keys = [str(batch.decoded[index].identity.event_key) for index in decided.loaded]
        self._index.add(prefixes(keys), np.full(len(keys), self._last.batch_id, dtype=np.int64))


def _among(batches: list[int], keys: int) -> str:
    """The condition for rows of these batches with one of so many keys, a parameter.

    DuckLake picks files by the largest and smallest value of each column, and to look these up costs more
    than all the rest of a small question: so it is asked by `batch_id` only.
    """
    if max(len(batches), keys) <= FEW:
        return f"batch_id IN ({', '.join(map(str, batches))}) AND list_contains(?, event_key)"
    listed = f"batch_id IN (SELECT unnest({batches})) AND event_key IN (SELECT unnest(?))"
    return f"batch_id BETWEEN {batches[0]} AND {batches[-1]} AND {listed}"


def rebuilt_index(con: duckdb.DuckDBPyConnection) -> KeyIndex:
    """The index of every event key that the ledger has loaded."""
    index = KeyIndex()
    _add_keys(index, con, "true", [])
    return index


def _add_keys(index: KeyIndex, con: duckdb.DuckDBPyConnection, where: str, values: list[int]) -> None:
    found = con.execute(
        f"""
        SELECT ('0x' || event_key[1:16])::UBIGINT AS prefix, batch_id
        FROM wh.ledger.deliveries WHERE outcome = 'loaded' AND {where}
        """,  # noqa: S608 - a condition of this module
        values,
    ).fetchnumpy()
    index.add(found["prefix"].astype(np.uint64), found["batch_id"].astype(np.int64))


def _rejected(batch: DecodedBatch, decided: Outcomes) -> list[tuple[str | None, bool]]:
    sources = batch.envelopes["source"].to_list()
    return [(source, o == "quarantined") for source, o in zip(sources, decided.outcomes, strict=True)]


def _loaded(frames: Mapping[str, pl.DataFrame]) -> LoadResult:
    row = frames["ledger.batches"].row(0, named=True)
    tables = {n.removeprefix("events."): f.height for n, f in frames.items() if n.startswith("events.")}
    next_offsets = dict(frames["ledger.offsets"].select("partition", "next_offset").iter_rows())
    counts = ("batch_id", "loaded_at", "records", "loaded", "duplicate", "quarantined")
    return LoadResult(**{name: row[name] for name in counts}, tables=tables, next_offsets=next_offsets)
