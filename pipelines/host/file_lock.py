"""Locks on files, exclusive across processes. The kernel releases a lock when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from pipelines.errors import Unavailable

POLL_SECONDS = 0.05
MAX_NAME_BYTES = 200


class FileLock:
    """Exclusive lock on `file`. Creating the object does not acquire it; leaving its context releases it.

    A child process that inherits `fileno` holds the lock as well.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)

    @property
    def fileno(self) -> int:
        """Descriptor of the open file that carries the lock."""
        return self._descriptor

    def acquire(self, patience_seconds: float | None = None) -> bool:
        """Wait for the lock, at most `patience_seconds` if given; return whether it was acquired."""
        if patience_seconds is None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            return True
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def write_name(self, name: str) -> None:
        """Write the holder's name into the file. The name is for people; the lock does not depend on it."""
        with suppress(OSError):  # a full disk
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, name.encode(), 0)

    def read_name(self) -> str:
        """Return the name that the last holder wrote; empty if none did."""
        return _read_name(self._descriptor)

    def release(self) -> None:
        """Release the lock. A second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class FolderLock(FileLock):
    """Lock that is acquired on creation, for a process of which each folder may have only one.

    `what` names that process in the error message. Raises `Unavailable` with the holder's process id when
    another process still has the lock after `patience_seconds` (a killed holder takes a moment to end).
    """

    def __init__(self, file: Path, what: str, *, patience_seconds: float = 2) -> None:
        super().__init__(file)
        try:
            if not self.acquire(patience_seconds):
                holder = self.read_name() or "unknown"
                raise Unavailable(f"{what} runs already (process {holder}); stop it, or wait until it ends")
        except BaseException:
            self.release()
            raise
        self.write_name(str(os.getpid()))


@contextmanager
def exclusive_file(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on `file` within the block; wait until no other process holds it."""
    with FileLock(file) as lock:
        lock.acquire()
        yield


def lock_holder(file: Path) -> str | None:
    """Return the name that the holder of a lock wrote, possibly empty; None when the lock is free."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _read_name(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_name(descriptor: int) -> str:
    return os.pread(descriptor, MAX_NAME_BYTES, 0).decode(errors="replace")
