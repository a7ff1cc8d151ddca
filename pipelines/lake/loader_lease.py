"""One loader at a time: a lease that the kernel takes back when its holder dies.

A lock on a file next to the lake's catalog rather than a row with a time-out in it: after kill -9 the next
loader starts at once, and no clock can give the lease to two.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.errors import LeaseHeld


def lease_file(warehouse: Path) -> Path:
    """File of the loader lease."""
    return warehouse / "loader.lease"


@contextmanager
def loader_lease(warehouse: Path, holder: str) -> Iterator[None]:
    """Hold the lease while the block runs. Raises `LeaseHeld`, which names the holder, when it is taken."""
    warehouse.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lease_file(warehouse), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LeaseHeld(_name(descriptor)) from None
        os.ftruncate(descriptor, 0)
        with suppress(OSError):  # a full disk: the lock is what counts, the name is for people
            os.pwrite(descriptor, f"{holder}, process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def lease_holder(warehouse: Path) -> str | None:
    """Holder of the lease; None when it is free."""
    try:
        descriptor = os.open(lease_file(warehouse), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _name(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _name(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode(errors="replace") or "another loader"
