"""Locks on files: one holder at a time across processes. The kernel releases a lock when its holder dies."""

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
    """An exclusive lock on `file`, not acquired yet. Leaving its context releases it.

    `fileno` can be handed to a child, which then holds it as well.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)

    @property
    def fileno(self) -> int:
        """The open file that the lock hangs on."""
        return self._descriptor

    def acquire(self, patience_seconds: float | None = None) -> bool:
        """Wait for the lock, at most `patience_seconds` if given. Returns whether it was acquired."""
        if patience_seconds is None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            return True
        deadline = time.monotonic() + patience_seconds
        while not _try(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def write_name(self, name: str) -> None:
        """Write the holder's name into the file. The lock counts, the name is for people."""
        with suppress(OSError):  # a full disk
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, name.encode(), 0)

    def read_name(self) -> str:
        """Name of the last holder; empty if it wrote none."""
        return _name(self._descriptor)

    def release(self) -> None:
        """Give the lock up. Again is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class FolderLock(FileLock):
    """A lock on `file` that is acquired at once, for a process that runs once for each folder.

    Raises `Unavailable` naming the holder's process id when another process still has it after
    `patience_seconds` (a killed holder needs a moment to be gone).
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
    """Wait until no other process is in a block with the same file, then run this one."""
    with FileLock(file) as lock:
        lock.acquire()
        yield


def lock_holder(file: Path) -> str | None:
    """Name that the holder of a lock wrote, maybe empty; None when nobody holds it."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else _name(descriptor)
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(descriptor: int) -> str:
    return os.pread(descriptor, MAX_NAME_BYTES, 0).decode(errors="replace")
