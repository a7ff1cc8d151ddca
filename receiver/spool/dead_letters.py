"""Deliveries of the spool that Kafka rejects, and their removal by hand as dead letters.

Attempts and errors are stored next to the queue in its file. A removed delivery is first written to another
file, then deleted in the transaction that adds its dead letter. So appended = drained + waiting + dead
letters holds after any crash.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from receiver.atomic_files import fsync_folder
from receiver.envelope import format_instant
from receiver.spool.sqlite_queue import BUSY_SECONDS, COUNTED, QueueStats

SCHEMA = """
CREATE TABLE IF NOT EXISTS refused (
    position INTEGER PRIMARY KEY, attempts INTEGER NOT NULL, error TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS taken_out (
    position INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL, source TEXT NOT NULL, received_at TEXT NOT NULL,
    body_bytes INTEGER NOT NULL, body_sha256 TEXT NOT NULL, error TEXT, taken_out_at TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS refused_gone AFTER DELETE ON items BEGIN
    DELETE FROM refused WHERE position = old.position;
END;
"""

NOTE = """
INSERT INTO refused SELECT position, 1, ? FROM items WHERE position = ?
ON CONFLICT DO UPDATE SET attempts = attempts + 1, error = excluded.error
"""

WAITING = """
SELECT position, delivery_id, source, received_at, length(body), coalesce(attempts, 0), error
FROM items LEFT JOIN refused USING (position) ORDER BY attempts IS NULL, position LIMIT ?
"""

ONE = """
SELECT position, source, received_at, body, error FROM items LEFT JOIN refused USING (position)
WHERE delivery_id = ?
"""


@dataclass(frozen=True, slots=True)
class SpooledDelivery:
    """A delivery in the spool. `attempts` and `error` count Kafka's rejections of it, not outages."""

    position: int
    delivery_id: str
    source: str
    received_at: datetime
    body_bytes: int
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that a person removed from the spool, with that person's reason."""

    position: int
    delivery_id: str
    source: str
    received_at: datetime
    body_bytes: int
    body_sha256: str
    error: str | None
    taken_out_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SpoolTotals(QueueStats):
    """Totals of the spool. `taken_out` counts dead letters, `refused` deliveries that Kafka rejects."""

    taken_out: int
    refused: int

    @property
    def adds_up(self) -> bool:
        """Return whether every appended delivery was drained, waits, or is a dead letter."""
        return self.appended == self.deleted + self.waiting + self.taken_out


class NotSpooledError(LookupError):
    """No such delivery is in the spool; it may have been drained by now."""


def record_rejections(path: Path, errors: Mapping[int, str]) -> None:
    """Record Kafka's error for each rejected delivery, by position. Raises `sqlite3.Error`."""
    with _opened(path) as con, _transaction(con):
        con.executemany(NOTE, [(error, position) for position, error in errors.items()])


def list_waiting(path: Path, limit: int) -> list[SpooledDelivery]:
    """Spooled deliveries: those rejected by Kafka first, then the oldest. Raises `sqlite3.Error`."""
    with _opened(path) as con:
        return [
            SpooledDelivery(position, delivery_id, source, datetime.fromisoformat(at), size, attempts, error)
            for position, delivery_id, source, at, size, attempts, error in con.execute(WAITING, (limit,))
        ]


def dead_letters(path: Path) -> list[DeadLetter]:
    """Every dead letter, in the order of receipt. Raises `sqlite3.Error`."""
    instant = datetime.fromisoformat
    with _opened(path) as con:
        return [
            DeadLetter(position, id_, source, instant(at), size, digest, error, instant(then), reason)
            for position, id_, source, at, size, digest, error, then, reason in con.execute(
                "SELECT * FROM taken_out ORDER BY position"
            )
        ]


def remove(path: Path, delivery_id: str, file: Path, *, reason: str, now: datetime) -> DeadLetter:
    """Write a delivery's body to a new file, then move it from the spool to the dead letters.

    After a crash in between it is in both. Raises `NotSpooledError`. Raises `OSError` or `sqlite3.Error` when
    the file (which must not exist) or the spool cannot be written; the delivery is then still in the spool.
    """
    with _opened(path) as con, _transaction(con):
        found = con.execute(ONE, (delivery_id,)).fetchone()
        if found is None:
            raise NotSpooledError
        position, source, at, body, error = found
        digest = hashlib.sha256(body).hexdigest()
        row = (position, delivery_id, source, at, len(body), digest, error, format_instant(now), reason)
        con.execute(f"INSERT INTO taken_out VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks
        con.execute("DELETE FROM items WHERE position = ?", (position,))
        _write_new(file, body)
    received_at = datetime.fromisoformat(at)
    return DeadLetter(position, delivery_id, source, received_at, len(body), digest, error, now, reason)


def totals(path: Path) -> SpoolTotals:
    """Totals of the spool at one moment, read-only. Raises `sqlite3.Error`."""
    with _connected(path, "ro") as con, _transaction(con, "BEGIN"):
        appended, deleted, waits, size, oldest = con.execute(COUNTED).fetchone()
        at = None if oldest is None else datetime.fromisoformat(oldest)
        left, refused = _rows(con, "taken_out"), _rows(con, "refused")
        return SpoolTotals(appended, deleted, waits, size, at, left, refused)


def _rows(con: sqlite3.Connection, table: str) -> int:
    """Number of rows; 0 in a file from before the table existed."""
    if not con.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
        return 0
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def _write_new(file: Path, body: bytes) -> None:
    """Write a new file that only its owner can read, fsynced with its folder."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(descriptor)
    except OSError:
        file.unlink(missing_ok=True)
        raise
    fsync_folder(file.parent)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing queue file for durable writes, with the tables of this module."""
    with _connected(path, "rw") as con:
        for pragma in ("synchronous=FULL", "secure_delete=ON"):
            con.execute(f"PRAGMA {pragma}").fetchall()
        con.executescript(SCHEMA)
        yield con


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    con = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def _transaction(con: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    con.execute(begin)
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
