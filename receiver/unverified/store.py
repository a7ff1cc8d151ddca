"""Store of unverified deliveries, kept until the scheme is corrected. Their senders are answered 401.

The file holds bodies and headers, including tokens, of anybody who posted to the source. So only its owner
can read it, and deleted rows are overwritten.
"""

import asyncio
import json
import logging
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Literal

from receiver.settings import CoreSettings, SettingsError
from receiver.signatures import RawHeaders
from receiver.spool.group_commit import GroupCommit, Overloaded
from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SourceTotal, SqliteQueue

FILE_NAME = "held.sqlite"
MAX_WAITING = 256
"""Maximum number of deliveries being stored at a time; more are dropped, which limits memory."""

FULL_SECONDS = 1.0
"""Pause after which a full store is tried again."""

HoldOutcome = Literal["held", "full", "busy", "failed"]

logger = logging.getLogger(__name__)


class UnverifiedStore:
    """Asynchronous store of unverified deliveries; `queue` is its blocking SQLite file."""

    def __init__(self, queue: SqliteQueue, bounds: QueueLimits) -> None:
        self.queue = queue
        self._appender = GroupCommit(queue, bounds, MAX_WAITING)
        self._full_until = 0.0

    async def keep(
        self, source: str, headers: RawHeaders, body: bytes, received_at: datetime, delivery_id: str
    ) -> HoldOutcome:
        """Store one delivery durably. Returns the outcome, `held` when it was stored. Never raises."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._full_until:
            return "full"
        try:
            item = QueueItem(delivery_id, source, received_at, body, headers_to_note(headers))
            if await self._appender.append(item):
                return "held"
        except Overloaded:
            return "busy"
        except (sqlite3.Error, OSError) as error:
            logger.error("an unverified delivery could not be stored: %s", type(error).__name__)
            return "failed"
        self._full_until = loop.time() + FULL_SECONDS
        return "full"

    async def totals(self) -> list[SourceTotal]:
        """Totals of unverified deliveries by source; empty when the store cannot be read."""
        try:
            return await asyncio.to_thread(self.queue.totals)
        except sqlite3.Error as error:
            logger.error("unverified deliveries cannot be counted: %s", type(error).__name__)
            return []

    async def close(self) -> None:
        """Finish pending writes and close the file."""
        await self._appender.close()
        self.queue.close()


def open_unverified_store(settings: CoreSettings) -> UnverifiedStore | None:
    """Open the store of unverified deliveries; None when no source needs it and no file exists. Raises
    `SettingsError`.
    """
    needed = any(source.hold_unverified for source in settings.sources.values())
    queue = open_unverified_queue(settings, make=needed)
    return None if queue is None else UnverifiedStore(queue, bounds(settings))


def open_unverified_queue(settings: CoreSettings, *, make: bool = False) -> SqliteQueue | None:
    """Open the queue file of unverified deliveries; None when it is missing and not `make`. Raises
    `SettingsError`.
    """
    path = unverified_path(settings)
    if not make and not path.exists():
        return None
    try:
        return SqliteQueue(path)
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(
            f"{path} cannot be opened ({type(error).__name__}); make it writable, or move it away"
        ) from error


def unverified_totals(settings: CoreSettings) -> list[SourceTotal]:
    """Totals of unverified deliveries by source; empty without a store. Raises `SettingsError`."""
    queue = open_unverified_queue(settings)
    if queue is None:
        return []
    try:
        return queue.totals()
    except sqlite3.Error as error:
        raise SettingsError(f"{unverified_path(settings)} cannot be read ({type(error).__name__})") from error
    finally:
        queue.close()


def unverified_path(settings: CoreSettings) -> Path:
    """Return the path of the store's file in the home folder."""
    return settings.home / FILE_NAME


def bounds(settings: CoreSettings) -> QueueLimits:
    """Return the limits of the store from the settings."""
    return QueueLimits(settings.held.max_bytes, settings.held.max_deliveries)


def headers_to_note(headers: RawHeaders) -> bytes:
    """Encode HTTP headers as JSON for the note of a queue item, in order and with duplicates."""
    return json.dumps([[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]).encode()


def headers_of_note(note: bytes) -> list[tuple[bytes, bytes]]:
    """Decode HTTP headers from the note that `headers_to_note` made, byte for byte."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(note)]
