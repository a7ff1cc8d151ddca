"""What a backup holds: a file beside it, written last, with the size and sha256 of every other file.

A folder without it is a backup that did not come to its end.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.errors import UsageError

NAME = "manifest.json"
FORMAT = 1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """One file, by its path in the backup."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NextOffset:
    """Where the load of the copy goes on."""

    topic: str
    topic_id: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in it. `not_loaded` is on the topic alone, None when Kafka did not say."""

    records: int
    loaded: int
    duplicate: int
    quarantined: int
    spooled: int
    held: int
    not_loaded: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup. `left_out` are settings that are secrets, to be given again."""

    format: int
    release: str
    lake_version: int
    made_at: datetime
    offsets: tuple[NextOffset, ...]
    counts: Counts
    left_out: tuple[str, ...]
    files: tuple[BackedUpFile, ...]

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)


def described(folder: Path) -> tuple[BackedUpFile, ...]:
    """Every file of a folder that is now on the disk for good."""
    return tuple(
        BackedUpFile(str(file.relative_to(folder)), file.stat().st_size, settled_digest(file))
        for file in sorted(files_of(folder))
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put it in place in one step; the backup is complete from then on."""
    settle(folder, NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def settle(folder: Path, name: str, content: bytes) -> None:
    """A file that is there whole or not at all, whatever ends this process or the machine."""
    new = folder / f".{name}.new"
    new.write_bytes(content)
    settled_digest(new)
    new.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_manifest(folder: Path) -> Manifest:
    """Raises `UsageError` where there is none, or one of another release that this one cannot read."""
    file = folder / NAME
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is no backup, or one that did not come to its end: {NAME} is not in it"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    try:
        found = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    if found.format != FORMAT:
        raise UsageError(f"{file} was written by hirestream {found.release}; restore it with that release")
    return found


def settled_digest(file: Path) -> str:
    """The sha256 of a file whose bytes are on the disk, not only in memory, when this returns."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
        os.fsync(content.fileno())
    return digest.hexdigest()


def files_of(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())
