"""Commit of a rebuild: one transaction that replaces the rows of every event table by the staged ones."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.admin.reprocess.redecode import MOVED, REFUSED
from pipelines.admin.reprocess.staged_rows import StagedRows
from pipelines.admin.reprocess.stored_bodies import count_loaded
from pipelines.errors import HirestreamError
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import all_tables
from pipelines.load.table_writes import batch_without_records, insert

Progress = Callable[[str, int, int], None]
"""Callback for progress, called with the name of the step, the number done and the total number."""


class IncompleteRebuild(HirestreamError):
    """Raised when some loaded records cannot be read again; no table was swapped."""


@dataclass(frozen=True, slots=True)
class SwapResult:
    """Result of the commit.

    `moved` counts records that their contract now reads as another version or type, `refused` by reason those
    that keep their old rows, `tables` the new rows by table.
    """

    batch_id: int
    records: int
    moved: int
    refused: Mapping[str, int]
    tables: Mapping[str, int]


class TableSwap:
    """Swap of the event tables inside one transaction of the given connection; `run` may be repeated."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, staging: StagedRows, *, holder: str, progress: Progress
    ) -> None:
        self._con = con
        self._staging = staging
        self._holder = holder
        self._progress = progress

    def run(self, now: dt.datetime) -> SwapResult:
        """Replace the rows. Raises `IncompleteRebuild` when a loaded record has no event row afterwards."""
        last = last_batch(self._con)
        batch_id = last.batch_id + 1
        refused = self._count_refused()
        kept = self._delete_events(keep_some=bool(refused))
        tables = self._insert_events(batch_id)
        moved = self._replace_moved(batch_id)
        records = self._check_complete(tables, kept, sum(refused.values()))
        insert(self._con, "ledger.batches", batch_without_records("rebuild", last, now, self._holder))
        with_rows = {name: rows for name, rows in tables.items() if rows}
        return SwapResult(batch_id, records, moved, refused, with_rows)

    def _count_refused(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for source in self._staging.sources(REFUSED):
            counts = self._con.execute(f"SELECT why, count(*) FROM {source} GROUP BY why")  # noqa: S608
            found.update(dict(counts.fetchall()))
        return dict(found)

    def _delete_events(self, *, keep_some: bool) -> int:
        """Delete old rows of every event table, also of removed contracts; return how many events stay."""
        kept = " UNION ALL ".join(f"SELECT event_key FROM {s}" for s in self._staging.sources(REFUSED))  # noqa: S608
        where = f"WHERE event_key NOT IN ({kept})" if keep_some else ""
        found = self._con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'events'"
        ).fetchall()
        left = 0
        for (table,) in found:
            self._con.execute(f'DELETE FROM wh.events."{table}" {where}')  # noqa: S608 - our own names
            if keep_some and "__" not in table:
                ((rows,),) = self._con.execute(f'SELECT count(*) FROM wh.events."{table}"').fetchall()  # noqa: S608
                left += int(rows)
        return left

    def _insert_events(self, batch_id: int) -> dict[str, int]:
        """Insert the staged rows into every event table; return the number of rows by table."""
        names = [name for name, _ in all_tables() if name.startswith("events.")]
        inserted = {}
        for number, name in enumerate(names):
            self._progress("exchanging", number, len(names))
            table = name.removeprefix("events.")
            inserted[table] = sum(self._insert(name, s, batch_id) for s in self._staging.sources(table))
        return inserted

    def _insert(self, name: str, source: str, batch_id: int) -> int:
        ((rows,),) = self._con.execute(
            f"INSERT INTO wh.{name} BY NAME "  # noqa: S608 - our own names
            f"SELECT * REPLACE (coalesce(batch_id, {batch_id:d}) AS batch_id) FROM {source}"
        ).fetchall()
        return int(rows)

    def _replace_moved(self, batch_id: int) -> int:
        """Replace ledger rows of records that a contract reads in another way now; return how many."""
        moved = 0
        place = '(topic_id, partition, "offset")'
        for source in self._staging.sources(MOVED):
            where = f"{place} IN (SELECT {place} FROM {source})"  # noqa: S608 - our own files
            self._con.execute(f"DELETE FROM wh.ledger.deliveries WHERE {where}")  # noqa: S608
            ((rows,),) = self._con.execute(
                f"INSERT INTO wh.ledger.deliveries BY NAME "  # noqa: S608
                f"SELECT * REPLACE ({batch_id:d} AS moved_batch_id) FROM {source}"
            ).fetchall()
            moved += int(rows)
        return moved

    def _check_complete(self, tables: Mapping[str, int], kept: int, refused: int) -> int:
        """Return the number of loaded records.

        Raises `IncompleteRebuild` unless each has a new event row or keeps its old one.
        """
        if kept != refused:
            raise IncompleteRebuild(
                f"{refused} events are refused by their contracts and would keep their rows, of which there "
                f"are {kept}; nothing was changed. `hirestream audit` says which"
            )
        children = {n.removeprefix("events.") for n, columns in all_tables() if "position" in columns}
        read = sum(rows for table, rows in tables.items() if table not in children) + refused
        loaded = count_loaded(self._con)
        if read != loaded:
            raise IncompleteRebuild(
                f"{read} of {loaded} loaded records could be read again, so nothing was changed; "
                "`hirestream audit` says which have no body"
            )
        return loaded
