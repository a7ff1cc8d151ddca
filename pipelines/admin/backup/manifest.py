"""Manifest of a backup: a file written last, with size and sha256 of every other file.

A backup without a manifest is incomplete.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.errors import UsageError
from pipelines.host.checksummed_folder import MANIFEST_NAME, WrittenFile

FORMAT = 1


@dataclass(frozen=True, slots=True)
class NextOffset:
    """Offset of one partition at which a load into the copy continues."""

    topic: str
    topic_id: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True)
class BackupCounts:
    """Numbers of ledger rows and queued deliveries in a backup.

    `not_loaded` counts records that are only on the topic; None when Kafka did not answer.
    """

    records: int
    loaded: int
    duplicate: int
    quarantined: int
    spooled: int
    held: int
    not_loaded: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Content of a backup; `left_out` names the secret settings to give again after a restore."""

    format: int
    release: str
    lake_version: int
    made_at: datetime
    offsets: tuple[NextOffset, ...]
    counts: BackupCounts
    left_out: tuple[str, ...]
    files: tuple[WrittenFile, ...]

    @property
    def size_bytes(self) -> int:
        """Size of all files together."""
        return sum(file.size_bytes for file in self.files)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in a backup's folder.

    Raises `UsageError` without a manifest, or for a format that this release cannot read.
    """
    file = folder / MANIFEST_NAME
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is not a backup, or one that did not come to its end: {MANIFEST_NAME} is not in it"
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
