"""Physical deletion of erased values: from data files, the catalog's statistics, free pages and log.

A DELETE alone leaves the value in the old Parquet files, in the smallest and largest values that the catalog
keeps of every column, and in pages of the SQLite file that are free now (measured with DuckLake 1.0).
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
"""An older file that no catalog names was left by a process that died; all writers are kept out."""

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
    """Only the newest snapshot stays, in files without deleted rows; who reads older ones fails once.

    Call it where no rebuild and no model build can run. Raises `Unavailable` when writers are in the way.
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
    """Make the bounds of every text column those of the files of now; returns of how many columns.

    A commit that adds a file must follow, so that no loader continues with the bounds that it remembers.
    """

    return in_transaction(con, lambda: narrow_text_bounds(con))


def vacuum(catalog: Path, patience_seconds: float = 30.0) -> None:
    """Write the SQLite file again and empty its write-ahead log, by a process of its own.

    SQLite gives up the locks of a file for a whole process when one of its connections is closed, so not
    here, where DuckDB may have it open. Raises `Unavailable` while a reader keeps old pages in use.
    """
    command = [sys.executable, "-c", _VACUUM, str(catalog), str(patience_seconds)]
    done = subprocess.run(command, capture_output=True, timeout=VACUUM_SECONDS, check=False)
    if done.returncode != 0:
        raise Unavailable(
            "the lake's catalog could not be written again, because somebody is in the middle of reading it; "
            "nothing is lost: close notebooks and queries, then run the same command again"
        )
