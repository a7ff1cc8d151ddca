"""`hirestream restore`: create the home folder of an installation from a backup.

The folder is renamed into place after all of it was copied and checked.
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
    """Create the home folder from a backup and return the backup's manifest.

    The home is unchanged after an error. Raises `UsageError` for an incomplete backup or a home that is not
    empty, `HirestreamError` when a file differs from its checksum, `Unavailable` when the home cannot be
    written.
    """
    manifest = read_manifest(folder)
    if manifest.lake_version > VERSION:
        raise UsageError(
            f"{folder} was made by hirestream {manifest.release}; restore it with that release or later"
        )
    home = settings.home
    _require_empty(home)
    _require_same_files(folder, manifest)
    new = home.with_name(f".{home.name}.restoring")
    try:
        shutil.rmtree(new, ignore_errors=True)
        say(f"copying {len(manifest.files)} files")
        _copy(folder, new, manifest)
        move_catalog(new / "warehouse" / CATALOG_NAME, home / "warehouse" / DATA_NAME)
        _put_in_place(new, home)
    except OSError as error:
        raise Unavailable(f"{home} cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)  # it is gone already after a success
    return manifest


def render(manifest: Manifest, home: Path) -> str:
    """Render the result of a restore as text: the contents, and the next steps."""
    lines = [
        f"{home} is as of {manifest.made_at:%Y-%m-%d %H:%M:%S %Z}: {manifest.counts.records} records, "
        f"{manifest.counts.spooled} deliveries in the spool",
        "`hirestream up`, or `receiver` and `stream`, continue there; the first load builds models and the "
        "published file",
    ]
    if manifest.left_out:
        lines.insert(1, f"set first: {', '.join(manifest.left_out)}")
    return "\n".join(lines)


def _require_empty(home: Path) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is not empty; set HIRESTREAM_HOME to a new folder")


def _require_same_files(folder: Path, manifest: Manifest) -> None:
    """Raise `HirestreamError` unless the folder has exactly the files of the manifest."""
    present = {str(path.relative_to(folder)) for path in files_below(folder)} - {MANIFEST_NAME}
    named = {file.path for file in manifest.files}
    if named != present:
        first = min(named ^ present)
        problem = "is missing" if first in named else "is in it and not in its manifest"
        raise HirestreamError(f"{folder} is not as it was written: {first} {problem}")


def _copy(folder: Path, new: Path, manifest: Manifest) -> None:
    for file in manifest.files:
        target = new / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / file.path, target)  # with its mode: queues are their owner's alone
        _check_file(target, file)


def _check_file(copied: Path, file: WrittenFile) -> None:
    if copied.stat().st_size != file.size_bytes or synced_sha256(copied) != file.sha256:
        raise HirestreamError(f"{file.path} of the backup is not as it was written; take another backup")


def _put_in_place(new: Path, home: Path) -> None:
    try:
        os.rename(new, home)  # noqa: PTH104 - replaces an empty folder, which Path.rename does not document
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EXDEV):
            raise UsageError(f"{home} is a mount point; set HIRESTREAM_HOME to a folder on it") from None
        raise
