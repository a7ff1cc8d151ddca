"""Folder with a manifest that lists size and sha256 of each file and is written last.

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
    """File of such a folder; `path` is relative to the folder."""

    path: str
    size_bytes: int
    sha256: str


def list_files(folder: Path) -> tuple[WrittenFile, ...]:
    """Sync every file in a folder to disk and return them with checksums, sorted by path."""
    return tuple(checksum_file(folder, str(file.relative_to(folder))) for file in sorted(files_below(folder)))


def checksum_file(folder: Path, path: str) -> WrittenFile:
    """Sync one file to disk and return its size and sha256; `path` is relative to `folder`."""
    file = folder / path
    return WrittenFile(path, file.stat().st_size, synced_sha256(file))


def write_manifest(folder: Path, manifest: object) -> None:
    """Write the manifest atomically as JSON; the folder is complete from then on."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    atomic_write(folder / MANIFEST_NAME, content)


def create_empty_folder(folder: Path, *, private: bool) -> None:
    """Create a folder or accept an empty one; a private folder is accessible to its owner only.

    Raises `UsageError` when the folder is not empty or cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; name a new folder, or an empty one")
        if private:
            folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror}") from None


def synced_sha256(file: Path) -> str:
    """Sync a file to disk (fsync) and return its sha256."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
        os.fsync(content.fileno())
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, at any depth."""
    return (path for path in folder.rglob("*") if path.is_file())
