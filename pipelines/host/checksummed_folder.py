"""Folder whose files are listed with size and sha256 in a manifest that is written last.

A folder without a manifest is incomplete.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipelines.errors import UsageError
from receiver.atomic_files import atomic_write

MANIFEST_NAME = "manifest.json"


CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file, by its path next to the manifest."""

    path: str
    size_bytes: int
    sha256: str


def list_files(folder: Path) -> tuple[WrittenFile, ...]:
    """Every file of a folder that is now on the disk for good."""
    return tuple(checksum_file(folder, str(file.relative_to(folder))) for file in sorted(files_below(folder)))


def checksum_file(folder: Path, path: str) -> WrittenFile:
    """One of them."""
    file = folder / path
    return WrittenFile(path, file.stat().st_size, synced_sha256(file))


def write_manifest(folder: Path, manifest: object) -> None:
    """Put it in place in one step; what it is about is complete from then on."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    atomic_write(folder / MANIFEST_NAME, content)


def create_empty_folder(folder: Path, *, private: bool) -> None:
    """A new one or an empty one, for the owner alone where it is private. Raises `UsageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; name a new folder, or an empty one")
        if private:
            folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror}") from None


def synced_sha256(file: Path) -> str:
    """The sha256 of a file whose bytes are on the disk, not only in memory, when this returns."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
        os.fsync(content.fileno())
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())
