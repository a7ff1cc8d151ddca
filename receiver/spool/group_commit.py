"""Appends to a durable queue for many requests at once, without holding up the event loop."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SqliteQueue

MAX_WAITING_BYTES = 64 * 1024 * 1024

Waiting = tuple[QueueItem, asyncio.Future[bool]]


class Overloaded(Exception):
    """So many appends wait already that one more is not taken on."""


class GroupCommit:
    """One thread writes; all that came while it wrote goes into its next transaction, with one fsync.

    It belongs to the event loop that it is used in.
    """

    def __init__(
        self,
        queue: SqliteQueue,
        bounds: QueueLimits,
        max_waiting: int,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._queue = queue
        self._bounds = bounds
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting_bytes = 0
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "queue")

    async def append(self, item: QueueItem) -> bool:
        """True once it is durable, False when the queue is full.

        Raises `Overloaded`, and `sqlite3.Error` or `OSError` when it cannot be written.
        """
        size = item.size_bytes
        if len(self._waiting) >= self._max_waiting or self._waiting_bytes + size > self._max_waiting_bytes:
            raise Overloaded
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._waiting_bytes += size
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await done

    async def close(self) -> None:
        """Waits until all that was handed in is written. Again is harmless."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            items = [item for item, _ in batch]
            self._waiting_bytes = 0  # so at most twice the limit is in memory, half of it being written
            try:
                taken = await loop.run_in_executor(self._thread, self._queue.append, items, self._bounds)
            except (sqlite3.Error, OSError) as error:
                self._fail(batch, error)
            else:
                for (_, done), one in zip(batch, taken, strict=True):
                    if not done.done():
                        done.set_result(one)

    @staticmethod
    def _fail(batch: list[Waiting], error: Exception) -> None:
        for _, done in batch:
            if not done.done():
                done.set_exception(error)
