"""`hirestream restore`: a backup as the home of an installation that continues where the copy was made.

The home appears in one step, when all of it was copied and checked.
"""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pipelines.admin.backup.manifest import Manifest, read_manifest
from pipelines.errors import HirestreamError, Unavailable, UsageError
from pipelines.host.checksummed_folder import MANIFEST_NAME, WrittenFile, files_below, synced_sha256
from pipelines.lake.ducklake_internals import CATALOG_NAME, DATA_NAME, move_catalog
from pipelines.lake.format_version import VERSION
from pipelines.settings import Settings

Say = Callable[[str], None]


def run_restore(settings: Settings, folder: Path, *, say: Say) -> Manifest:
    """Make the home folder from a backup. Returns what is in it.

    Raises `UsageError` when the folder is no whole backup, or the home not empty; `HirestreamError` when a
    file is not as it was written. The home is untouched then.
    """
    found = read_manifest(folder)
    if found.lake_version > VERSION:
        raise UsageError(
            f"{folder} was made by hirestream {found.release}; restore it with that release or later"
        )
    home = settings.home
    _need_empty(home)
    _need_whole(folder, found)
    new = home.with_name(f".{home.name}.restoring")
    try:
        shutil.rmtree(new, ignore_errors=True)
        say(f"copying {len(found.files)} files")
        _copy(folder, new, found)
        move_catalog(new / "warehouse" / CATALOG_NAME, home / "warehouse" / DATA_NAME)
        _put_in_place(new, home)
    except OSError as error:
        raise Unavailable(f"{home} cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)  # nothing when all went well: nobody would look for it there
    return found


def render(found: Manifest, home: Path) -> str:
    """For a person: what is there, and what to do next."""
    lines = [
        f"{home} is as of {found.made_at:%Y-%m-%d %H:%M:%S %Z}: {found.counts.records} records, "
        f"{found.counts.spooled} deliveries in the spool",
        "`hirestream up`, or `receiver` and `stream`, continue there; the first load builds models and the "
        "published file",
    ]
    if found.left_out:
        lines.insert(1, f"set first: {', '.join(found.left_out)}")
    return "\n".join(lines)


def _need_empty(home: Path) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is not empty; set HIRESTREAM_HOME to a new folder")


def _need_whole(folder: Path, found: Manifest) -> None:
    """Nothing is missing and nothing besides, before a byte is copied."""
    there = {str(path.relative_to(folder)) for path in files_below(folder)} - {MANIFEST_NAME}
    named = {file.path for file in found.files}
    if named != there:
        first = min(named ^ there)
        problem = "is missing" if first in named else "is in it and not in its manifest"
        raise HirestreamError(f"{folder} is not as it was written: {first} {problem}")


def _copy(folder: Path, new: Path, found: Manifest) -> None:
    for file in found.files:
        target = new / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / file.path, target)  # with its mode: queues are their owner's alone
        _check(target, file)


def _check(copied: Path, file: WrittenFile) -> None:
    if copied.stat().st_size != file.size_bytes or synced_sha256(copied) != file.sha256:
        raise HirestreamError(f"{file.path} of the backup is not as it was written; take another backup")


def _put_in_place(new: Path, home: Path) -> None:
    try:
        os.rename(new, home)  # noqa: PTH104 - takes the place of an empty folder, which Path.rename says nothing of
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EXDEV):
            raise UsageError(f"{home} is a mount point; set HIRESTREAM_HOME to a folder on it") from None
        raise
