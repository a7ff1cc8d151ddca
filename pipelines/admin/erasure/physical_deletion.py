"""Physical deletion of erased values from data files and from the catalog's statistics, free pages and log.

A DELETE alone leaves the value in the old Parquet files, in the minimum and maximum of every column that the
catalog stores, and in free pages of the SQLite file (measured with DuckLake 1.0).
"""

import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.errors import Unavailable
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import narrow_text_bounds
from pipelines.lake.maintenance import expire_snapshots, remove_files, remove_orphans
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock

NOW = "INTERVAL 0 SECOND"
ORPHAN_SECONDS = 60.0
"""Age from which a file that the catalog does not name is deleted as a leftover of a killed process.

It is short because no writer runs meanwhile.
"""

MAX_TURN_SECONDS = 600.0
VACUUM_SECONDS = 120

_VACUUM = """
import sqlite3, sys, time
con = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
until = time.monotonic() + float(sys.argv[2])
busy = True
while busy and time.monotonic() < until:
    try:
        con.execute("VACUUM")
        busy = con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] != 0
    except sqlite3.OperationalError:
        pass
    if busy:
        time.sleep(0.2)
sys.exit(1 if busy else 0)
"""


def rewrite(warehouse: Path) -> None:
    """Rewrite data files without deleted rows, and delete every snapshot but the newest.

    A query on an older snapshot fails once. The caller prevents rebuilds and model builds meanwhile. Raises
    `Unavailable` when other writers hold the writer lock for too long.
    """
    writer_lock = WriterLock(warehouse, longest_seconds=MAX_TURN_SECONDS)
    con = open_lake(warehouse)
    try:
        with writer_lock.acquired():
            in_transaction(
                con,
                lambda: con.execute(
                    "CALL ducklake_rewrite_data_files('wh', delete_threshold => 0)"
                ).fetchall(),
            )
            expire_snapshots(con, NOW)
            remove_orphans(con, warehouse, ORPHAN_SECONDS)
            remove_files(con, warehouse, writer_lock, NOW)
    finally:
        con.close()


def narrow_statistics(con: duckdb.DuckDBPyConnection) -> int:
    """Set the catalog's bounds of every text column from its current files; return the number of columns.

    A commit that adds a file must follow, so that a loader does not continue with cached bounds.
    """
    return in_transaction(con, lambda: narrow_text_bounds(con))


def vacuum(catalog: Path, patience_seconds: float = 30.0) -> None:
    """Vacuum the SQLite catalog and truncate its write-ahead log, in a separate process.

    When a connection is closed, SQLite releases all locks that its process has on the file, also those of
    DuckDB in this process. Raises `Unavailable` while a reader keeps old pages in use.
    """
    command = [sys.executable, "-c", _VACUUM, str(catalog), str(patience_seconds)]
    done = subprocess.run(command, capture_output=True, timeout=VACUUM_SECONDS, check=False)
    if done.returncode != 0:
        raise Unavailable(
            "the lake's catalog could not be written again, because somebody is in the middle of reading it; "
            "nothing is lost: close notebooks and queries, then run the same command again"
        )
