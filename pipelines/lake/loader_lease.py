"""One loader at a time: a lease that the kernel takes back when its holder dies.

A lock on a file next to the lake's catalog rather than a row with a time-out in it: after kill -9 the next
loader starts at once, and no clock can give the lease to two.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import LeaseHeld
from pipelines.host.file_lock import FileLock, lock_holder

_UNNAMED = "another loader"


def lease_file(warehouse: Path) -> Path:
    """File of the loader lease."""
    return warehouse / "loader.lease"


@contextmanager
def loader_lease(warehouse: Path, holder: str) -> Iterator[None]:
    """Hold the lease while the block runs. Raises `LeaseHeld`, which names the holder, when it is taken."""
    with FileLock(lease_file(warehouse)) as lock:
        if not lock.acquire(patience_seconds=0):
            raise LeaseHeld(lock.read_name() or _UNNAMED)
        lock.write_name(f"{holder}, process {os.getpid()}")
        yield


def lease_holder(warehouse: Path) -> str | None:
    """Holder of the lease; None when it is free."""
    name = lock_holder(lease_file(warehouse))
    return name if name is None else name or _UNNAMED
