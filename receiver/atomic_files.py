"""Files that are there whole or not at all, whatever ends this process or the machine."""

import os
import tempfile
from pathlib import Path


def atomic_write(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put the content in place at once: a reader sees the old file or the new one. Raises `OSError`."""
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
    """Rename a finished file durably: its bytes are on disk before its name changes. Raises `OSError`."""
    _fsync(new)
    new.replace(target)
    fsync_folder(target.parent)


def fsync_folder(folder: Path) -> None:
    """Power loss brings no earlier name back. Raises `OSError`."""
    _fsync(folder)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
