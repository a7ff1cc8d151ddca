"""Erasure in the receiver's stores: spooled deliveries are redacted, unverified ones deleted.

A spooled delivery was answered 200, so it is still delivered, redacted. A redacted unverified delivery could
never be verified.
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
    """Stored delivery that names an erased person; `position` is its key in the queue's file."""

    position: int
    provider: str
    source: str
    message_id: str | None
    body: bytes

    def event_key(self, body: bytes) -> str | None:
        """Return the event key that the loader would compute for this delivery with `body`."""
        return decode_one(self.provider, body, self.source, self.message_id).identity.event_key


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """Numbers of spooled deliveries that were redacted, and that were left unchanged."""

    redacted: int
    left: int

    @property
    def remains(self) -> tuple[Residue, ...]:
        """Deliveries left unchanged, as a residue of the spool file."""
        where = f"{self.left} waiting that are known by their body"
        return (Residue(FILE_NAME, where),) if self.left else ()


def redact_spool(settings: Settings, suppressions: SuppressionList, keyed: KeyedHasher) -> StoredDelivery:
    """Redact spooled deliveries that name an erased person. Raises `Unavailable` for an unusable spool.

    The event key of an event without id is made from its body: with a redacted body, its redelivery would
    count as a second event. Such deliveries are left unchanged.
    """
    path = spool_path(settings)
    if not path.exists():
        return StoredDelivery(0, 0)
    with _open_transaction(path) as con:
        found = [
            (after, item)
            for item in _deliveries_of_erased(con, settings, suppressions)
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
    """Delete unverified deliveries that name an erased person; return how many.

    Raises `Unavailable` when their file cannot be used.
    """
    path, queue = unverified_path(settings), open_unverified_queue(settings)
    if queue is None:
        return 0
    with closing(queue):
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as con:
            positions = [item.position for item in _deliveries_of_erased(con, settings, suppressions)]
        queue.delete(positions)
    with _open_transaction(path):
        return len(positions)


def count_waiting(settings: Settings, suppressions: SuppressionList) -> dict[str, int]:
    """Count deliveries that name an erased person, by store: `spool`, or `held` for unverified ones."""
    counts = {"spool": 0, "held": 0}
    for name, path in (("spool", spool_path(settings)), ("held", unverified_path(settings))):
        if path.exists():
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as con:
                counts[name] = sum(1 for _ in _deliveries_of_erased(con, settings, suppressions))
    return counts


def _deliveries_of_erased(
    con: sqlite3.Connection, settings: Settings, suppressions: SuppressionList
) -> Iterator[_Item]:
    rows = con.execute("SELECT position, source, body, note FROM items ORDER BY position").fetchall()
    for position, source, body, note in rows:
        provider, message_id = _provider_and_message_id(settings, source, note)
        found = decode_one(provider, body, source, message_id)
        if suppressions.erasure_of(found, body) or suppressions.erasure_of(_decode_failure(), note):
            yield _Item(position, provider, source, message_id, body)


def _provider_and_message_id(settings: Settings, source: str, note: bytes) -> tuple[str, str | None]:
    """Return `(provider, message_id)` of the stored note; without a provider there, that of the source."""
    document = json.loads(note)
    fields = document if isinstance(document, dict) else {}
    known = settings.sources.get(source)
    return str(fields.get("provider") or (known.provider if known else "")), fields.get("message_id")


def _decode_failure() -> Decoded:
    return DecodeFailure(Identity(), "provider", ())


@contextmanager
def _open_transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a transaction on a SQLite file and remove overwritten bytes from the file and its log at the end.

    Raises `Unavailable` when the file cannot be used.
    """
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
