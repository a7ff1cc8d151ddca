"""Writers take turns: a lock that spares them from losing their work to each other.

DuckLake on SQLite refuses a commit whose transaction began before somebody else's, and the work has to be
done again. That is right and slow, so writers of this project wait for each other instead. Correctness never
hangs on it: a turn that is kept too long is given up, and who loses then tries again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.host.file_lock import FileLock

MAX_SECONDS = 10.0
"""A turn longer than this is given up, so that a writer that failed in it holds nobody up."""


class WriterLock:
    """The turns of one process at one lake. Who takes it again while holding it still has one turn."""

    def __init__(self, warehouse: Path, *, longest_seconds: float = MAX_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._file = warehouse / "writers.lock"
        self._guard = threading.Lock()
        self._held: FileLock | None = None
        self._number = 0
        self._timer: threading.Timer | None = None

    def acquire(self) -> None:
        """Wait for the turn."""
        with self._guard:
            if self._held is None:
                lock = FileLock(self._file)
                lock.acquire()
                self._held = lock
                self._number += 1
                self._timer = threading.Timer(self._longest_seconds, self._give_up, [self._number])
                self._timer.daemon = True
                self._timer.start()

    def release(self) -> None:
        """Let the next one. Harmless without the turn."""
        with self._guard:
            self._release()

    def _give_up(self, number: int) -> None:
        """The turn of this number and no later one: its timer may have come too late."""
        with self._guard:
            if self._number == number:
                self._release()

    def _release(self) -> None:
        if self._held is not None and self._timer is not None:
            self._timer.cancel()
            self._held.release()
            self._held = None

    @contextmanager
    def acquired(self) -> Iterator[None]:
        """Hold the turn while the block runs."""
        self.acquire()
        try:
            yield
        finally:
            self.release()
