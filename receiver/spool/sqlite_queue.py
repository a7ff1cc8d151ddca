"""A small durable queue of deliveries in one SQLite file: append, read the oldest, delete, count.

Several processes may use one file at the same time. What `append` returned for is on the disk, and survives
power loss; an item is there until it is deleted by its position. A queue never gives an item up to make
room: what does not fit is not taken. Everything here blocks, so the event loop calls it from a thread.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from receiver.envelope import format_instant

BUSY_SECONDS = 10.0
ITEM_BYTES = 200
"""Overhead of an item in addition to its body and note: other columns and index entries."""

SHRINK_PAGES = 1024
"""Unused pages, of 4 KiB, from which giving them back is worth its work."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    position INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id TEXT NOT NULL, source TEXT NOT NULL,
    received_at TEXT NOT NULL, body BLOB NOT NULL, note BLOB NOT NULL, bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_source ON items (source, position);
CREATE TABLE IF NOT EXISTS totals (
    source TEXT PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lifetime (
    one INTEGER PRIMARY KEY CHECK (one = 1), appended INTEGER NOT NULL, deleted INTEGER NOT NULL
);
INSERT OR IGNORE INTO lifetime SELECT 1, count(*), 0 FROM items;
CREATE TRIGGER IF NOT EXISTS item_added AFTER INSERT ON items BEGIN
    INSERT INTO totals VALUES (new.source, 1, new.bytes)
    ON CONFLICT DO UPDATE SET items = items + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER IF NOT EXISTS item_gone AFTER DELETE ON items BEGIN
    UPDATE totals SET items = items - 1, bytes = bytes - old.bytes WHERE source = old.source;
END;
"""

INSERT = """
INSERT INTO items (delivery_id, source, received_at, body, note, bytes) VALUES (?, ?, ?, ?, ?, ?)
"""

TOTALS = """
SELECT source, items, bytes, (
    SELECT received_at FROM items WHERE items.source = totals.source ORDER BY position LIMIT 1
) FROM totals WHERE items > 0 ORDER BY source
"""

# by no trigger: an item that anything but `append` and `delete` added or removed does not add up
APPENDED = "UPDATE lifetime SET appended = appended + ?"
DELETED = "UPDATE lifetime SET deleted = deleted + ?"

COUNTED = """
SELECT appended, deleted, (SELECT count(*) FROM items), (SELECT coalesce(sum(bytes), 0) FROM totals),
    (SELECT received_at FROM items ORDER BY position LIMIT 1)
FROM lifetime
"""

OLDEST = """
SELECT position, delivery_id, source, received_at, body, note FROM items
WHERE position > ? AND source = coalesce(?, source) ORDER BY position LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One delivery. `note` is the user's own: whatever else it needs to take the delivery up again."""

    delivery_id: str
    source: str
    received_at: datetime
    body: bytes
    note: bytes = b""

    @property
    def size_bytes(self) -> int:
        """Size of the item that counts against the limits."""
        return len(self.body) + len(self.note) + ITEM_BYTES


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """An item in the queue; a higher `position` came later, and none is given twice."""

    position: int
    item: QueueItem


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """Totals of one source in a queue."""

    source: str
    items: int
    size_bytes: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class QueueStats:
    """A queue in numbers, all of one moment: what ever came, what ever went, what is there."""

    appended: int
    deleted: int
    waiting: int
    size_bytes: int
    oldest_at: datetime | None

    @property
    def adds_up(self) -> bool:
        """Return whether what came is either gone by `delete` or still there."""
        return self.appended == self.deleted + self.waiting


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Limits of a queue."""

    max_bytes: int
    max_items: int


class SqliteQueue:
    """The queue in one file, which is made when it is missing. Raises `sqlite3.Error` and `OSError`.

    One connection, used by one thread at a time; another process, or another `SqliteQueue`, may have its own.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its other files the same mode
        self._lock = threading.Lock()
        self._con = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._con.execute(f"PRAGMA {pragma}").fetchall()
        self._con.executescript(SCHEMA)

    def append(self, items: Sequence[QueueItem], bounds: QueueLimits) -> list[bool]:
        """Take the items in one transaction; whether each was within the bounds. Durable on return."""
        with self._writing() as con:
            count, size = con.execute(
                "SELECT coalesce(sum(items), 0), coalesce(sum(bytes), 0) FROM totals"
            ).fetchone()
            taken = []
            for item in items:
                fits = count < bounds.max_items and size + item.size_bytes <= bounds.max_bytes
                taken.append(fits)
                if fits:
                    self._insert(con, item)
                    count, size = count + 1, size + item.size_bytes
            con.execute(APPENDED, (sum(taken),))
        return taken

    def probe(self, size_bytes: int) -> None:
        """Write that much durably and leave nothing; what stands in the way of an `append` is raised.

        An `append` of nothing writes nothing: SQLite leaves out a page whose bytes stay the same.
        """
        with self._writing() as con:
            con.execute("CREATE TABLE probe AS SELECT zeroblob(?) AS filler", (size_bytes,))
            con.execute("DROP TABLE probe")  # secure_delete: its pages are written all the same

    def oldest(
        self, after: int, limit: int, source: str | None = None, max_bytes: int | None = None
    ) -> list[QueuedItem]:
        """The next items behind a position (0: from the first), oldest first; of one source if named.

        Not more than `max_bytes` of them in all, but one at least.
        """
        found: list[QueuedItem] = []
        size = 0
        with self._lock:
            for position, delivery_id, of, at, body, note in self._con.execute(
                OLDEST, (after, source, limit)
            ):
                item = QueueItem(delivery_id, of, datetime.fromisoformat(at), body, note)
                size += item.size_bytes
                if found and max_bytes is not None and size > max_bytes:
                    break
                found.append(QueuedItem(position, item))
        return found

    def delete(self, positions: Iterable[int]) -> None:
        """Remove items, their bytes overwritten. One that is gone already is no error."""
        with self._writing() as con:
            gone = con.executemany(
                "DELETE FROM items WHERE position = ?", [(position,) for position in positions]
            ).rowcount
            con.execute(DELETED, (max(gone, 0),))

    def stats(self) -> QueueStats:
        """The queue in numbers. Every item's place in an index is read, which is quick and not free."""
        with self._lock:
            return _counted(self._con)

    def check(self) -> None:
        """Read the whole file. Raises `sqlite3.DatabaseError` when a page of it is damaged."""
        with self._lock:
            found = self._con.execute("PRAGMA quick_check(1)").fetchone()
        if found != ("ok",):
            raise sqlite3.DatabaseError("the file is damaged")

    def shrink(self) -> None:
        """Give back to the file system what deleted items took. Quick when little is left."""
        with self._lock:
            (free_pages,) = self._con.execute("PRAGMA freelist_count").fetchone()
            if free_pages >= SHRINK_PAGES:
                self._con.execute("VACUUM")
                self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def totals(self) -> list[SourceTotal]:
        """Totals by source; the cost does not grow with the queue."""
        with self._lock:
            rows = self._con.execute(TOTALS).fetchall()
        return [
            SourceTotal(source, items, size, datetime.fromisoformat(oldest))
            for source, items, size, oldest in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._con.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._con.execute("BEGIN IMMEDIATE")
            try:
                yield self._con
                self._con.execute("COMMIT")
            except BaseException:
                if self._con.in_transaction:
                    self._con.execute("ROLLBACK")
                raise

    @staticmethod
    def _insert(con: sqlite3.Connection, item: QueueItem) -> None:
        at = format_instant(item.received_at)
        values = (item.delivery_id, item.source, at, item.body, item.note, item.size_bytes)
        con.execute(INSERT, values)


def count(path: Path) -> QueueStats:
    """The queue in a file, which is not written to. Raises `sqlite3.Error`, also when there is none."""
    con = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        return _counted(con)
    finally:
        con.close()


def _counted(con: sqlite3.Connection) -> QueueStats:
    appended, deleted, waiting, size, oldest = con.execute(COUNTED).fetchone()
    return QueueStats(
        appended, deleted, waiting, size, None if oldest is None else datetime.fromisoformat(oldest)
    )
