"""Keeps the lake small under a commit a second: few files, few snapshots, a small catalog."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.lake.ducklake_internals import (
    CATALOG_NAME,
    DATA_NAME,
    forget_scheduled_files,
    has_deletes,
    has_mergeable_files,
    known_file_names,
    scheduled_files,
)
from pipelines.lake.transaction import retry_on_contention
from pipelines.lake.writer_lock import WriterLock

SNAPSHOT_AGE = "INTERVAL 1 HOUR"
"""Time for which a reader may use the snapshot that it opened; `as_of` does not need snapshots."""

FILE_AGE = "INTERVAL 10 MINUTES"
"""Time for which one statement may still read files that were merged meanwhile; the next one of the reader
finds its rows in the merged file. An hour of merged files would be 26,000 at a commit a second."""

MAX_NEW_FILES = 1_000
"""Written since the last time, more are a reason for the next: half of the 2,000 that may be live, because
writers continue while it is waited for and done."""

BANDS_BYTES = (0, 2**20, 2**24, 2**28)
"""Files are merged with those of about their size. Without bands every pass writes the largest file of each
table again: 4.5 CPU seconds at 2.5 million ledger rows (440 MB), in which nobody can commit; so it is 0.2."""


@dataclass(frozen=True, slots=True)
class LakeStats:
    """The lake after maintenance."""

    files: int
    data_bytes: int
    catalog_bytes: int
    snapshots: int
    seconds: float


def maintain(
    con: duckdb.DuckDBPyConnection,
    warehouse: Path,
    *,
    snapshot_age: str = SNAPSHOT_AGE,
    file_age: str = FILE_AGE,
) -> LakeStats:
    """Merge small files, expire old snapshots and remove what nobody can see any more.

    Safe next to a loader, a model build and readers. Raises `Unavailable` when writers were long in the way.
    """
    started, writer_lock = time.monotonic(), WriterLock(warehouse)
    _with_writer_lock(writer_lock, partial(expire_snapshots, con, snapshot_age))
    for low, high in pairwise(BANDS_BYTES):
        if has_mergeable_files(con, low, high):
            _with_writer_lock(writer_lock, partial(_merge, con, low, high))
    if has_deletes(con):
        _with_writer_lock(
            writer_lock, lambda: con.execute("CALL ducklake_rewrite_data_files('wh')").fetchall()
        )
    remove_files(con, warehouse, writer_lock, f"least({snapshot_age}, {file_age})")
    return measure(con, warehouse, time.monotonic() - started)


def _with_writer_lock(writer_lock: WriterLock, step: Callable[[], object]) -> None:
    with writer_lock.acquired():
        retry_on_contention(step)


def expire_snapshots(con: duckdb.DuckDBPyConnection, age: str) -> None:
    """Expire snapshots of more than an age, an SQL interval; the newest one stays.

    By number, because DuckLake 1.0 compares no more than the date of `older_than` with SQLite's text."""
    found = con.execute(
        f"""
        SELECT snapshot_id FROM ducklake_snapshots('wh') WHERE snapshot_time < now() - {age}
        ORDER BY snapshot_id DESC OFFSET (
            SELECT count(*) = 0 FROM ducklake_snapshots('wh') WHERE snapshot_time >= now() - {age}
        )::INTEGER
        """  # noqa: S608 - an age of this project
    ).fetchall()
    if found:
        con.execute(
            "CALL ducklake_expire_snapshots('wh', versions => ?)", [[row[0] for row in found]]
        ).fetchall()


def _merge(con: duckdb.DuckDBPyConnection, low: int, high: int) -> None:
    """Of all tables in one transaction: table by table, a reader's open transaction finds no rows any more.

    The SQLite extension reads up to the largest rowid that the transaction has seen, and a row of a merged
    file gets one that is larger than those of all files that stay.
    """
    con.execute(
        f"CALL ducklake_merge_adjacent_files('wh', min_file_size => {low}, max_file_size => {high})"
    ).fetchall()


def remove_files(con: duckdb.DuckDBPyConnection, warehouse: Path, writer_lock: WriterLock, age: str) -> None:
    """Delete the files that were scheduled for it longer ago than an age.

    Files first: killed in between, the next time finds them gone. Not by DuckLake's own `older_than`."""
    found = scheduled_files(con, age)
    for _, path, is_relative in found:
        (warehouse / DATA_NAME / path if is_relative else Path(path)).unlink(missing_ok=True)
    ids = [row[0] for row in found]
    if ids:
        _with_writer_lock(writer_lock, partial(forget_scheduled_files, con, ids))


def remove_orphans(con: duckdb.DuckDBPyConnection, warehouse: Path, age_seconds: float) -> None:
    """Delete the data files that a killed writer left and no catalog names, of more than an age.

    In the writers' turn: whoever writes now has not named its files in the catalog yet. Not by DuckLake's own
    function, which finds nothing where the path of the home has a bracket in it.
    """
    known = known_file_names(con)
    before = time.time() - age_seconds
    for file in (warehouse / DATA_NAME).rglob("*.parquet"):
        if file.name not in known and file.stat().st_mtime < before:
            file.unlink(missing_ok=True)


def sizes_of(files: Iterable[Path]) -> list[int]:
    """Bytes of each that is still there: SQLite removes its log, and others clean up, while one looks."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            found.append(file.stat().st_size)
    return found


def measure(con: duckdb.DuckDBPyConnection, warehouse: Path, seconds: float = 0.0) -> LakeStats:
    """The size of the lake now."""
    files = sizes_of((warehouse / DATA_NAME).rglob("*.parquet"))
    catalog = sum(sizes_of(warehouse.glob(f"{CATALOG_NAME}*")))
    row = con.execute("SELECT count(*) FROM ducklake_snapshots('wh')").fetchone()
    return LakeStats(len(files), sum(files), catalog, row[0] if row else 0, seconds)
