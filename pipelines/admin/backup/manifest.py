"""What a backup or an export holds: a file written last, with the size and sha256 of every other file.

A folder without it is one that did not come to its end.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.admin.backup.lake_copy import files_of
from pipelines.errors import UsageError
from receiver.atomic_files import atomic_write

NAME = "manifest.json"
FORMAT = 1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file, by its path beside the manifest."""

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
    files: tuple[WrittenFile, ...]

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)


def described(folder: Path) -> tuple[WrittenFile, ...]:
    """Every file of a folder that is now on the disk for good."""
    return tuple(written(folder, str(file.relative_to(folder))) for file in sorted(files_of(folder)))


def written(folder: Path, path: str) -> WrittenFile:
    """One of them."""
    file = folder / path
    return WrittenFile(path, file.stat().st_size, settled_digest(file))


def write_manifest(folder: Path, manifest: object) -> None:
    """Put it in place in one step; what it is about is complete from then on."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    atomic_write(folder / NAME, content)


def make_folder(folder: Path, *, private: bool) -> None:
    """A new one or an empty one, for the owner alone where it is private. Raises `UsageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; name a new folder, or an empty one")
        if private:
            folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror}") from None


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
