"""Keeps the lake small under a commit a second: few files, few snapshots, a small catalog."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import Unavailable
from pipelines.warehouse.transaction import ATTEMPTS, is_in_the_way
from pipelines.warehouse.turn import Turn

SNAPSHOT_AGE = "INTERVAL 1 HOUR"
"""How long a reader may go on with what it opened; `as_of` does not need snapshots."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The lake after maintenance."""

    files: int
    data_bytes: int
    catalog_bytes: int
    snapshots: int
    seconds: float


def maintain(con: duckdb.DuckDBPyConnection, warehouse: Path, *, snapshot_age: str = SNAPSHOT_AGE) -> Upkeep:
    """Merge small files, expire old snapshots and remove what nobody can see any more.

    Safe beside a loader, a model build and readers. Raises `Unavailable` when writers were long in the way.
    """
    started, turn = time.monotonic(), Turn(warehouse)
    for statement in (
        f"CALL ducklake_expire_snapshots('wh', older_than => now() - {snapshot_age})",
        "CALL ducklake_merge_adjacent_files('wh')",
        "CALL ducklake_rewrite_data_files('wh')",
        f"CALL ducklake_cleanup_old_files('wh', older_than => now() - {snapshot_age})",
    ):
        with turn.taken():
            _insist(lambda sql=statement: con.execute(sql).fetchall())  # type: ignore[misc]
    return measure(con, warehouse, time.monotonic() - started)


def measure(con: duckdb.DuckDBPyConnection, warehouse: Path, seconds: float = 0.0) -> Upkeep:
    """The size of the lake now."""
    files = [file.stat().st_size for file in (warehouse / "data").rglob("*.parquet")]
    catalog = sum(f.stat().st_size for f in warehouse.glob("catalog.sqlite*"))
    row = con.execute("SELECT count(*) FROM ducklake_snapshots('wh')").fetchone()
    return Upkeep(len(files), sum(files), catalog, row[0] if row else 0, seconds)


def _insist(work: Callable[[], object]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            work()
        except duckdb.Error as error:
            if not is_in_the_way(error):
                raise
            time.sleep(min(0.05 * 1.3**attempt, 1.0))
        else:
            return
    raise Unavailable("the lake's catalog was locked by other writers for too long; try again later")
