"""Every event table recreated from the bodies that the ledger keeps, and put in place in one transaction.

First everything is decoded again into files next to the lake. Loads and readers continue.
Then, in one turn, what changed meanwhile is added, and the old rows are exchanged for the new ones: killed at
any time before that commit, nothing has happened. An event that its contract refuses now keeps its old rows.
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
"""The exchange writes every event row; others wait for it."""

FEW_RECORDS = 2_000
"""Left to be decoded in the turn."""

MAX_ROUNDS = 20
"""Of catching up before the turn; a load that is faster than this is caught up with in it."""

ORPHAN_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """Result of the swap, seconds of decoding before it, and seconds that other writers waited."""

    exchanged: SwapResult
    decode_seconds: float
    turn_seconds: float


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The lake right before and right after the exchange, each pinned: read these before they expire."""

    before: duckdb.DuckDBPyConnection
    after: duckdb.DuckDBPyConnection


@contextmanager
def rebuilding(warehouse: Path) -> Iterator[None]:
    """Waits until no other rebuild runs, and leaves nothing staged behind, also of one that was killed."""
    with exclusive_file(warehouse / "rebuild.lock"):
        clear_staging(warehouse)
        try:
            yield
        finally:
            clear_staging(warehouse)


class Rebuilder:
    """Rebuilds the event tables of one lake, by a connection of its own. Use it once, in `rebuilding`."""

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
        """Decode everything and exchange it. `first` are the loaded records with bodies of elsewhere.

        `compare` is called after the commit. Raises `IncompleteRebuild` when a loaded record cannot be read,
        `Unavailable` when other writers are in the way for too long; then nothing was changed.
        """
        began = time.monotonic()
        with self._writer_lock.acquired():
            remove_orphans(self._con, self._warehouse, ORPHAN_SECONDS)
        seen = last_batch(self._con).batch_id
        total = count_loaded(self._con, seen)
        self._read(0, loaded_records(self._con, seen) if first is None else first, total)
        of, seen = self._catch_up(seen)
        decoded = time.monotonic()
        with ExitStack() as open_lakes:
            with self._writer_lock.acquired():
                taken = time.monotonic()
                before = open_lakes.enter_context(open_lake(self._warehouse, pinned=True))
                done = in_transaction(self._con, lambda: self._exchange(of, seen))
                after = open_lakes.enter_context(open_lake(self._warehouse, pinned=True))
            turn_seconds = time.monotonic() - taken
            if compare is not None:
                compare(Snapshots(before, after))
        return RebuildResult(done, decoded - began, turn_seconds)

    def _catch_up(self, seen: int) -> tuple[int, int]:
        """Read what changed meanwhile, until it is little. The number of the next round, and up to where."""
        for of in range(1, MAX_ROUNDS):
            newest = last_batch(self._con).batch_id
            if self._read(of, self._changes(of, seen)) <= FEW_RECORDS:
                return of + 1, newest
            seen = newest
        return MAX_ROUNDS, seen

    def _changes(self, of: int, seen: int) -> Iterator[pl.DataFrame]:
        earlier = [frame for number, frames in self._erased.items() if number < of for frame in frames]
        none = erased_among(pl.DataFrame(schema=dict(DELIVERIES)))
        return changed_since(self._con, seen, pl.concat([none, *earlier]))

    def _read(self, of: int, slices: Iterable[pl.DataFrame], total: int = 0) -> int:
        """Stage the records of a round; how many there were."""
        self._staging.forget(of)
        self._erased[of] = []
        done = 0
        for rows in slices:
            self._staging.add(of, rows["event_key"], decode_again(rows, self._organizations))
            self._erased[of].append(erased_among(rows))
            done += rows.height
            self._progress("decoding", done, max(total, done))
        return done

    def _exchange(self, of: int, seen: int) -> SwapResult:
        """The work of the one transaction; of a second try too."""
        self._read(of, self._changes(of, seen))
        exchange = TableSwap(self._con, self._staging, holder=self._holder, progress=self._progress)
        return exchange.run(self._clock())
