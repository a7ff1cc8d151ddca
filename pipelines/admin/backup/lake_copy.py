"""Consistent copy of a lake that is in use: a snapshot of its catalog and the files that the catalog names.

Parquet files never change once a catalog names them, so they are copied without a lock. Maintenance or an
erasure may delete one before it is copied; then the catalog is copied again, and the missing files. Call this
in a process that has not opened the lake in DuckDB: closing the catalog in SQLite releases DuckDB's locks.
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Unavailable
from pipelines.host.checksummed_folder import files_below
from pipelines.lake.ducklake_internals import CATALOG_NAME, DATA_NAME, named_files
from pipelines.lake.writer_lock import WriterLock

MAX_ATTEMPTS = 10
"""Maximum attempts on a lake whose files disappear while they are copied; each copies fewer files."""

BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class DataFile:
    """Parquet file that the catalog names; `path` is relative to the data folder."""

    path: str
    size_bytes: int


class FileGone(Exception):
    """Raised when a file that the catalog names is missing or has another size."""


def copy_lake(warehouse: Path, into: Path) -> None:
    """Copy the lake into a folder, which may hold an earlier attempt.

    Raises `Unavailable` without a lake, for a damaged one, or when files disappear in every attempt;
    `OSError` when the copy cannot be written.
    """
    if not (warehouse / CATALOG_NAME).exists():
        raise Unavailable(f"there is no lake in {warehouse}")
    into.mkdir(parents=True, exist_ok=True)
    gone = ""
    for _ in range(MAX_ATTEMPTS):
        _copy_catalog(warehouse, into)
        try:
            _copy_data(warehouse / DATA_NAME, into)
        except FileGone as error:
            gone = str(error)
        else:
            return
    raise Unavailable(
        f"the lake in {warehouse} cannot be copied: its catalog names {gone}; see `hirestream audit`"
    )


def copy_sqlite(file: Path, into: Path) -> None:
    """Copy a SQLite file consistently, with its mode, while others may write to it.

    Raises `sqlite3.Error` when it is damaged or cannot be read.
    """
    into.unlink(missing_ok=True)
    into.touch(mode=0o600)
    uri = f"{file.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as source,
        closing(sqlite3.connect(into)) as target,
    ):
        source.backup(target)
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"{file} is damaged")
    into.chmod(file.stat().st_mode)


def data_files(catalog: Path) -> list[DataFile]:
    """Return every data file that a catalog names, also of old snapshots.

    Raises `Unavailable` for a file outside the lake's own folder.
    """
    found = []
    for parts, is_relative, size in named_files(catalog):
        if not is_relative:
            raise Unavailable(f"the lake has a file that is not in its own folder: {parts[-1]}")
        found.append(DataFile("".join(parts), size))
    return found


def _copy_catalog(warehouse: Path, into: Path) -> None:
    """Copy the catalog while holding the writer lock, so that no commit fails on a locked SQLite file."""
    try:
        with WriterLock(warehouse).acquired():
            copy_sqlite(warehouse / CATALOG_NAME, into / CATALOG_NAME)
    except sqlite3.Error as error:
        raise Unavailable(f"the lake's catalog cannot be copied: {error}; see `hirestream audit`") from error


def _copy_data(data: Path, into: Path) -> None:
    """Copy the data files that are missing, and delete those that only an earlier catalog named."""
    target = into / DATA_NAME
    named = data_files(into / CATALOG_NAME)
    for file in named:
        _copy_file(data / file.path, target / file.path, file.size_bytes)
    wanted = {target / file.path for file in named}
    for copied in list(files_below(target)):
        if copied not in wanted:
            copied.unlink()


def _copy_file(source: Path, target: Path, size_bytes: int) -> None:
    if target.exists() and target.stat().st_size == size_bytes:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise FileGone(f"{source}, which is not there") from None
    if target.stat().st_size != size_bytes:
        raise FileGone(f"{source} with {size_bytes} bytes, which it has not")
