"""Atomic and durable writes of files: after a crash a file is complete or absent."""

import os
import tempfile
from pathlib import Path


def atomic_write(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file atomically: a reader sees the old content or the new. Raises `OSError`."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as new:
        try:
            new.write(content)
            new.flush()
            os.fchmod(new.fileno(), mode)
            put_in_place(Path(new.name), target)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise


def put_in_place(new: Path, target: Path) -> None:
    """Rename `new` to `target` durably, with its bytes fsynced before the rename. Raises `OSError`."""
    _fsync(new)
    new.replace(target)
    fsync_folder(target.parent)


def fsync_folder(folder: Path) -> None:
    """Fsync a folder, so that renames and deletions in it survive power loss. Raises `OSError`."""
    _fsync(folder)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
