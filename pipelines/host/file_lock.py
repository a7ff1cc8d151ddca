"""One holder of a folder at a time, across processes: a lock on a file, which ends with its holder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipelines.errors import Unavailable

POLL_SECONDS = 0.05


class FolderLock:
    """An exclusive lock on `path`; `fileno` can be handed to a child, which then holds it as well.

    Raises `Unavailable` naming the holder's process id when another process still has it after
    `patience_seconds` (a killed holder needs a moment to be gone).
    """

    def __init__(self, path: Path, what: str, *, patience_seconds: float = 2) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire(what, patience_seconds)
        except BaseException:
            os.close(self._descriptor)
            raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    @property
    def fileno(self) -> int:
        """The open file that the lock hangs on."""
        return self._descriptor

    def release(self) -> None:
        """Give the lock up. Again is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _acquire(self, what: str, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Unavailable(self._held(what)) from None
                time.sleep(POLL_SECONDS)
            else:
                return

    def _held(self, what: str) -> str:
        holder = os.pread(self._descriptor, 20, 0).decode() or "unknown"
        return f"{what} runs already (process {holder}); stop it, or wait until it ends"


@contextmanager
def exclusive_file(file: Path) -> Iterator[None]:
    """Wait until no other process is in a block with the same file, then run this one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
