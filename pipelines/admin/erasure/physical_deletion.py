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
from pipelines.lake.maintenance import expire_snapshots, remove_files, remove_orphans
from pipelines.lake.transaction import in_transaction
from pipelines.lake.writer_lock import WriterLock

NOW = "INTERVAL 0 SECOND"
ORPHAN_SECONDS = 60.0
"""An older file that no catalog names was left by a process that died; all writers are kept out."""

MAX_TURN_SECONDS = 600.0
VACUUM_SECONDS = 120

_CATALOG = "__ducklake_metadata_wh"

_STATISTICS = f"""
WITH live AS (
    SELECT s.table_id, s.column_id, min(s.min_value) AS low, max(s.max_value) AS high,
        bool_or(s.value_count > 0 AND (s.min_value IS NULL OR s.max_value IS NULL)) AS unknown
    FROM {_CATALOG}.ducklake_file_column_stats AS s
    JOIN {_CATALOG}.ducklake_data_file AS f ON f.data_file_id = s.data_file_id AND f.end_snapshot IS NULL
    GROUP BY ALL
)
SELECT t.table_id, t.column_id, upper(c.column_type), live.low, live.high, coalesce(live.unknown, false)
FROM {_CATALOG}.ducklake_table_column_stats AS t
JOIN {_CATALOG}.ducklake_column AS c
    ON c.table_id = t.table_id AND c.column_id = t.column_id AND c.end_snapshot IS NULL
LEFT JOIN live ON live.table_id = t.table_id AND live.column_id = t.column_id
WHERE upper(c.column_type) IN ('VARCHAR', 'BLOB', 'JSON')
    AND (t.min_value IS DISTINCT FROM live.low OR t.max_value IS DISTINCT FROM live.high)
"""  # noqa: S608 - our own names
"""Columns of text whose bounds over the whole table are wider than those of its files."""

_WIDEST = {"VARCHAR": ("", chr(0x10FFFF) * 4), "JSON": ("", chr(0x10FFFF) * 4), "BLOB": ("", "FF" * 64)}
"""Bounds that hold for every value: without any DuckLake takes the next file's for all, and loses rows."""

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

    def narrow() -> int:
        found = con.execute(_STATISTICS).fetchall()
        for table_id, column_id, kind, low, high, unknown in found:
            bounds = _WIDEST[kind] if unknown else (low, high)
            con.execute(
                f"UPDATE {_CATALOG}.ducklake_table_column_stats SET min_value = ?, max_value = ? "  # noqa: S608
                "WHERE table_id = ? AND column_id = ?",
                [*bounds, table_id, column_id],
            )
        return len(found)

    return in_transaction(con, narrow)


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
