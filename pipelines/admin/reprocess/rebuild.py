"""Rebuild of every event table from stored bodies, swapped in one transaction.

First all bodies are decoded into files next to the lake, while loads and readers continue. Then, in one turn
of the writer lock, records that changed meanwhile are added and the old rows are replaced. A kill before that
commit changes nothing. An event that its contract refuses now keeps its old rows.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.admin.reprocess.redecode import decode_again
from pipelines.admin.reprocess.staged_rows import StagedRows, clear_staging
from pipelines.admin.reprocess.stored_bodies import changed_since, count_loaded, erased_among, loaded_records
from pipelines.admin.reprocess.table_swap import Progress, SwapResult, TableSwap
from pipelines.host.file_lock import exclusive_file
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import remove_orphans
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import DELIVERIES
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock

MAX_TURN_SECONDS = 3_600.0
"""Limit of one turn: the swap writes every event row, and other writers wait for it."""

FEW_RECORDS = 2_000
"""Number of changed records that may be left to decode while other writers wait."""

MAX_ROUNDS = 20
"""Maximum rounds of catching up before the turn; the turn decodes what a faster load leaves."""

ORPHAN_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """Result of a rebuild: the swap, seconds of decoding before it, seconds that other writers waited."""

    exchanged: SwapResult
    decode_seconds: float
    turn_seconds: float


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Connections to the lake, pinned right before and right after the swap; read them before they expire."""

    before: duckdb.DuckDBPyConnection
    after: duckdb.DuckDBPyConnection


@contextmanager
def rebuilding(warehouse: Path) -> Iterator[None]:
    """Hold the rebuild lock, waiting for other rebuilds; delete staged rows before and after."""
    with exclusive_file(warehouse / "rebuild.lock"):
        clear_staging(warehouse)
        try:
            yield
        finally:
            clear_staging(warehouse)


class Rebuilder:
    """Rebuild of the event tables of one lake, through one connection. Use it once, inside `rebuilding`."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        warehouse: Path,
        *,
        holder: str,
        organizations: Mapping[str, frozenset[str]],
        clock: Callable[[], dt.datetime],
        progress: Progress,
    ) -> None:
        self._con = con
        self._warehouse = warehouse
        self._holder = holder
        self._organizations = organizations
        self._clock = clock
        self._progress = progress
        self._writer_lock = WriterLock(warehouse, longest_seconds=MAX_TURN_SECONDS)
        self._staging = StagedRows(warehouse)
        self._erased: dict[int, list[pl.DataFrame]] = {}

    def rebuild(
        self,
        first: Iterable[pl.DataFrame] | None = None,
        *,
        compare: Callable[[Snapshots], None] | None = None,
    ) -> RebuildResult:
        """Decode all loaded records and swap the event tables.

        `first` are the loaded records with bodies from another place than the lake. `compare` is called after
        the commit. Raises `IncompleteRebuild` when a loaded record cannot be read, `Unavailable` when other
        writers hold the writer lock for too long; then nothing was changed.
        """
        began = time.monotonic()
        with self._writer_lock.acquired():
            remove_orphans(self._con, self._warehouse, ORPHAN_SECONDS)
        seen = last_batch(self._con).batch_id
        total = count_loaded(self._con, seen)
        self._stage(0, loaded_records(self._con, seen) if first is None else first, total)
        next_round, seen = self._catch_up(seen)
        decoded = time.monotonic()
        with ExitStack() as open_lakes:
            with self._writer_lock.acquired():
                taken = time.monotonic()
                before = open_lakes.enter_context(open_lake(self._warehouse, pinned=True))
                done = in_transaction(self._con, lambda: self._swap(next_round, seen))
                after = open_lakes.enter_context(open_lake(self._warehouse, pinned=True))
            turn_seconds = time.monotonic() - taken
            if compare is not None:
                compare(Snapshots(before, after))
        return RebuildResult(done, decoded - began, turn_seconds)

    def _catch_up(self, seen: int) -> tuple[int, int]:
        """Stage changed records until few are left; return `(next round, last batch id that was staged)`."""
        for number in range(1, MAX_ROUNDS):
            newest = last_batch(self._con).batch_id
            if self._stage(number, self._changes(number, seen)) <= FEW_RECORDS:
                return number + 1, newest
            seen = newest
        return MAX_ROUNDS, seen

    def _changes(self, round_number: int, seen: int) -> Iterator[pl.DataFrame]:
        earlier = [
            frame for number, frames in self._erased.items() if number < round_number for frame in frames
        ]
        none = erased_among(pl.DataFrame(schema=dict(DELIVERIES)))
        return changed_since(self._con, seen, pl.concat([none, *earlier]))

    def _stage(self, round_number: int, slices: Iterable[pl.DataFrame], total: int = 0) -> int:
        """Stage the records of a round and return how many there were."""
        self._staging.forget(round_number)
        self._erased[round_number] = []
        done = 0
        for rows in slices:
            self._staging.add(round_number, rows["event_key"], decode_again(rows, self._organizations))
            self._erased[round_number].append(erased_among(rows))
            done += rows.height
            self._progress("decoding", done, max(total, done))
        return done

    def _swap(self, round_number: int, seen: int) -> SwapResult:
        """Stage the last changes and swap the tables, inside a transaction that may be tried again."""
        self._stage(round_number, self._changes(round_number, seen))
        swap = TableSwap(self._con, self._staging, holder=self._holder, progress=self._progress)
        return swap.run(self._clock())
