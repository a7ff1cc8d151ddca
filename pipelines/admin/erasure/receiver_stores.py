"""Erasure in the receiver's stores: spooled deliveries are redacted, unverified ones deleted.

What waits in the spool was answered 200 and is delivered all the same, redacted. What is held could not be
verified, and once altered never could be.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.admin.erasure.residue_scan import Residue
from pipelines.decode.decoder import Decoded, DecodeFailure, Identity, decode_one
from pipelines.errors import Unavailable
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.redaction import redact
from pipelines.privacy.suppression import SuppressionList
from pipelines.settings import Settings
from receiver.spool.spool import FILE_NAME, spool_path
from receiver.unverified.store import open_unverified_queue, unverified_path

BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Item:
    """One delivery that names somebody who is erased."""

    position: int
    provider: str
    source: str
    message_id: str | None
    body: bytes

    def event_key(self, body: bytes) -> str | None:
        """By which the loader would know it, had it this body."""
        return decode_one(self.provider, body, self.source, self.message_id).identity.event_key


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """Number of spooled deliveries that were redacted, and of those left unchanged."""

    redacted: int
    left: int

    @property
    def remains(self) -> tuple[Residue, ...]:
        """Remaining residues, as the file search reports them."""
        where = f"{self.left} waiting that are known by their body"
        return (Residue(FILE_NAME, where),) if self.left else ()


def redact_spool(settings: Settings, suppressions: SuppressionList, keyed: KeyedHasher) -> StoredDelivery:
    """Redact what waits in the spool. Raises `Unavailable`.

    An event without an id of its own is known by its body: with another one, its redelivery would count as a
    second event. Such a one stays as it is.
    """
    path = spool_path(settings)
    if not path.exists():
        return StoredDelivery(0, 0)
    with _writing(path) as con:
        found = [
            (after, item)
            for item in _named(con, settings, suppressions)
            if (after := redact(item.body, item.provider, keyed.pseudonym)) != item.body
        ]
        same = [
            (after, item.position)
            for after, item in found
            if item.event_key(after) == item.event_key(item.body)
        ]
        con.executemany("UPDATE items SET body = ? WHERE position = ?", same)
    return StoredDelivery(len(same), len(found) - len(same))


def delete_held(settings: Settings, suppressions: SuppressionList) -> int:
    """Delete what is held; returns how many. Raises `Unavailable`."""
    path, queue = unverified_path(settings), open_unverified_queue(settings)
    if queue is None:
        return 0
    with closing(queue):
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as con:
            positions = [item.position for item in _named(con, settings, suppressions)]
        queue.delete(positions)
    with _writing(path):
        return len(positions)


def waiting_of(settings: Settings, suppressions: SuppressionList) -> dict[str, int]:
    """Number of spooled and unverified deliveries that name somebody, by store."""
    counts = {"spool": 0, "held": 0}
    for name, path in (("spool", spool_path(settings)), ("held", unverified_path(settings))):
        if path.exists():
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as con:
                counts[name] = sum(1 for _ in _named(con, settings, suppressions))
    return counts


def _named(con: sqlite3.Connection, settings: Settings, suppressions: SuppressionList) -> Iterator[_Item]:
    rows = con.execute("SELECT position, source, body, note FROM items ORDER BY position").fetchall()
    for position, source, body, note in rows:
        provider, message_id = _said(settings, source, note)
        found = decode_one(provider, body, source, message_id)
        if suppressions.erasure_of(found, body) or suppressions.erasure_of(_unread(), note):
            yield _Item(position, provider, source, message_id, body)


def _said(settings: Settings, source: str, note: bytes) -> tuple[str, str | None]:
    """Provider and message id as the spool has them; the provider else of the source."""
    document = json.loads(note)
    said = document if isinstance(document, dict) else {}
    known = settings.sources.get(source)
    return str(said.get("provider") or (known.provider if known else "")), said.get("message_id")


def _unread() -> Decoded:
    return DecodeFailure(Identity(), "provider", ())


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction; what it overwrote is gone from the file and its log. Raises `Unavailable`."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as con:
            con.execute("PRAGMA secure_delete = ON")
            con.execute("BEGIN IMMEDIATE")
            yield con
            con.execute("COMMIT")
            con.execute("VACUUM")
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise Unavailable(f"{path} cannot be used ({type(error).__name__}); do it again") from error
