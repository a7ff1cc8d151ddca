"""Durable queue on this machine's disk for deliveries that Kafka did not confirm in time.

The file counts what ever came in and what ever was drained in the transactions that do it, so that after
any crash in = drained + waiting + dead letters, which `hirestream audit` checks.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from receiver.envelope import DeliveryEnvelope
from receiver.rejections import SPOOL_BUSY, SPOOL_FAILING, SPOOL_FULL, SPOOL_TOO_OLD, HttpRejection
from receiver.settings import CoreSettings, SettingsError, SpoolSettings
from receiver.spool import dead_letters
from receiver.spool.dead_letters import SpoolTotals, totals
from receiver.spool.envelope_codec import to_item
from receiver.spool.group_commit import GroupCommit, Overloaded
from receiver.spool.sqlite_queue import ITEM_BYTES, QueuedItem, QueueLimits, QueueStats, SqliteQueue
from receiver.spool.waiting_marker import LOST, WaitingMarker

__all__ = [
    "QueueStats",
    "Spool",
    "SpoolTotals",
    "Trouble",
    "lost_spools",
    "open_spool",
    "spool_path",
    "spool_totals",
]

FILE_NAME = "spool.sqlite"
MAX_WAITING = 2048
"""Deliveries being written at a time; more are refused, so that a flood costs bounded memory."""

RETRY_AFTER_SECONDS = 1.0
"""Pause after a failed append to the spool: a flood must not hammer a full disk."""

PAGE_ITEMS = 200
PAGE_BYTES = 1024 * 1024
"""Deliveries and bytes in memory at a time while it is drained, unless one body may be larger.

A failing disk is tried with as many bytes: one that takes new deliveries again lets go of a page, too.
"""

Trouble = Literal["full", "too_old", "failing"]
REFUSED: dict[Trouble, HttpRejection] = {
    "full": SPOOL_FULL,
    "too_old": SPOOL_TOO_OLD,
    "failing": SPOOL_FAILING,
}

UNMARKED = "what waits in the spool cannot be marked (%s): nobody would see that its file was deleted"

logger = logging.getLogger(__name__)


class Spool:
    """The spool as the event loop uses it; switched off it does not take, and is only drained.

    `trouble` is why it does not take now.
    """

    def __init__(self, path: Path, queue: SqliteQueue, marker: WaitingMarker, settings: CoreSettings) -> None:
        self._path = path
        self._inode = path.stat().st_ino
        self._marker = marker
        self.takes = settings.spool.enabled
        self.trouble: Trouble | None = None
        self._queue = queue
        self._appender = GroupCommit(queue, bounds(settings.spool), MAX_WAITING)
        self._max_age = timedelta(seconds=settings.spool.max_age_seconds)
        self._page_bytes = max(PAGE_BYTES, settings.receiver.max_body_bytes)
        self._again_at = 0.0
        self._damaged = False
        self._oldest_at = queue.stats().oldest_at
        self._is_unmarked = False
        self._kept = 0

    @property
    def waiting(self) -> bool:
        """Return whether there is anything to drain."""
        return self._oldest_at is not None

    async def keep(self, envelope: DeliveryEnvelope) -> HttpRejection | None:
        """Store a delivery; None once it is durable, else the rejection. Never raises."""
        loop = asyncio.get_running_loop()
        if refused := self._unfit(envelope, loop):
            return refused
        try:
            kept = await self._appender.append(to_item(envelope))
        except Overloaded:
            return SPOOL_BUSY
        except (sqlite3.Error, OSError) as error:
            self.mark_failed(error)
            return SPOOL_FAILING
        if not kept:
            return self._troubled("full", loop)
        self._well()
        self._kept += 1
        self._oldest_at = self._oldest_at or envelope.received_at
        await self._mark()
        return None

    async def page(self, after: int) -> list[QueuedItem]:
        """The next deliveries behind a position, oldest first. Raises `sqlite3.Error`."""
        return await asyncio.to_thread(self._queue.oldest, after, PAGE_ITEMS, None, self._page_bytes)

    async def delete_confirmed(self, positions: Sequence[int]) -> None:
        """Delete deliveries that Kafka has confirmed. Raises `sqlite3.Error` and `OSError`."""
        await asyncio.to_thread(self._queue.delete, positions)
        await self.look()
        self._well()

    async def record_rejections(self, errors: Mapping[int, str]) -> None:
        """Record Kafka's error for each delivery that it rejected. Raises `sqlite3.Error`."""
        await asyncio.to_thread(dead_letters.record_rejections, self._path, errors)

    async def look(self) -> None:
        """Read the oldest delivery; an empty spool is shrunk.

        Raises `sqlite3.Error` and `OSError`.
        """
        kept = self._kept
        oldest = await asyncio.to_thread(self._queue.oldest, 0, 1)
        if oldest:
            self._oldest_at = oldest[0].item.received_at
            return
        if kept == self._kept:  # else one came in behind this look
            self._oldest_at = None
            if self._marker.is_there:
                await asyncio.to_thread(self._marker.remove, self._queue.stats)
            await asyncio.to_thread(self._queue.shrink)

    async def try_again(self) -> None:
        """Test whether a failing spool can store the largest delivery again; the test data is not kept."""
        if self.trouble != "failing" or self._damaged or asyncio.get_running_loop().time() < self._again_at:
            return
        try:
            await asyncio.to_thread(self._queue.probe, self._page_bytes)
        except (sqlite3.Error, OSError) as error:
            self.mark_failed(error)
        else:
            self._well()

    def mark_failed(self, error: Exception) -> None:
        """Record a failed read or write. A damaged file accepts nothing more until somebody repairs it.

        SQLite raises `OperationalError` for a full disk, and its plain base class for a damaged file.
        """
        self._damaged |= type(error) is sqlite3.DatabaseError
        self._troubled("failing", asyncio.get_running_loop(), type(error).__name__)

    async def stats(self) -> QueueStats | None:
        """Totals of the spool; None when it cannot be read."""
        try:
            return await asyncio.to_thread(self._queue.stats)
        except sqlite3.Error as error:
            self.mark_failed(error)
            return None

    async def close(self) -> None:
        """Finishes what is being written, and lets go of the file."""
        await self._appender.close()
        self._queue.close()

    async def _mark(self) -> None:
        """Before the first that waits is answered; what is kept is kept, also where the marker cannot be."""
        if self._marker.is_there:
            return
        try:
            await asyncio.to_thread(lambda: self._marker.write(self._queue.stats()))
        except (sqlite3.Error, OSError) as error:
            if not self._is_unmarked:
                logger.error(UNMARKED, type(error).__name__)
            self._is_unmarked = True
        else:
            self._is_unmarked = False

    def _unfit(self, envelope: DeliveryEnvelope, loop: asyncio.AbstractEventLoop) -> HttpRejection | None:
        """Check what would prevent the restore, before anything is written."""
        if self.trouble is not None and (self._damaged or loop.time() < self._again_at):
            return REFUSED[self.trouble]
        if not self._in_place():
            self._damaged = True
            return self._troubled("failing", loop, "its file was deleted or replaced")
        if self._oldest_at is not None and envelope.received_at - self._oldest_at > self._max_age:
            return self._troubled("too_old", loop)
        return None

    def _in_place(self) -> bool:
        """Return whether a later start would find what is written now. A deleted file takes writes too."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def _troubled(self, trouble: Trouble, loop: asyncio.AbstractEventLoop, why: str = "") -> HttpRejection:
        if self.trouble != trouble:
            logger.error("the spool takes no more: %s", " ".join(filter(None, (trouble, why))))
        self.trouble = trouble
        self._again_at = loop.time() + RETRY_AFTER_SECONDS
        return REFUSED[trouble]

    def _well(self) -> None:
        if self._damaged:
            return
        if self.trouble is not None:
            logger.info("the spool takes deliveries again")
        self.trouble = None


def open_spool(settings: CoreSettings) -> Spool | None:
    """The spool, None when it is off and nothing is left in one. Raises `SettingsError` for a damaged file.

    Damaged, it may hold deliveries that were answered 200: to start without them is a person's decision. One
    that is gone is a loss that `hirestream audit` tells from then on.
    """
    path, marker = spool_path(settings), WaitingMarker(settings.home)
    try:
        if not settings.spool.enabled and not path.exists():
            _compare(marker, lambda: QueueStats(0, 0, 0, 0, None))
            return None
        queue = SqliteQueue(path)
        queue.check()
        _compare(marker, queue.stats)
        return Spool(path, queue, marker, settings)
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(
            f"{path} cannot be used ({type(error).__name__}) and may hold deliveries that were answered 200; "
            f"make it writable, or fix it with `sqlite3 {path.name} .recover`, or move {path.name}* away"
        ) from error


def _compare(marker: WaitingMarker, count: Callable[[], QueueStats]) -> None:
    """Return whether this is the spool in which something waited, and the marker as it should be."""
    try:
        marked = marker.read_appended()  # first, because the count only grows
        counted = count()
        if marked > counted.appended:
            logger.error(
                "the spool was deleted or replaced while deliveries waited in it: see `hirestream audit`"
            )
            marker.keep_as_lost(datetime.now(UTC))
        if not counted.waiting:
            marker.remove(count)
        elif not marker.is_there:  # in a restored home, or one from before there were markers
            marker.write(counted)
    except OSError as error:
        logger.error(UNMARKED, type(error).__name__)


def lost_spools(settings: CoreSettings) -> list[Path]:
    """A file for each spool that was deleted or replaced while something waited in it.

    One that a running receiver still has open is among them. Raises `SettingsError`.
    """
    marker = WaitingMarker(settings.home)
    try:
        marked = marker.read_appended()  # first, because the count only grows
    except OSError as error:
        raise SettingsError(f"{marker.path} cannot be read ({error}); fix or delete it") from error
    found = spool_totals(settings)
    is_lost = marked > (0 if found is None else found.appended)
    return [*sorted(settings.home.glob(f"{LOST}-*")), *([marker.path] if is_lost else [])]


def spool_totals(settings: CoreSettings) -> SpoolTotals | None:
    """The spool in numbers, as seen from another process; None without one. Raises `SettingsError`."""
    path = spool_path(settings)
    if not path.exists():
        return None
    try:
        return totals(path)
    except sqlite3.Error as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}); the receiver's log says more"
        ) from error


def spool_path(settings: CoreSettings) -> Path:
    """Path of the spool."""
    return settings.home / FILE_NAME


def bounds(settings: SpoolSettings) -> QueueLimits:
    """Limits of the spool. Each delivery counts its overhead, so bytes limit their number too."""
    return QueueLimits(settings.max_bytes, settings.max_bytes // ITEM_BYTES + 1)
