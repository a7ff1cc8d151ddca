"""A rebuild of every event table of a lake, a day after the load."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl

from pipelines.admin.reprocess.rebuild import Rebuilder, RebuildResult, rebuilding
from pipelines.admin.reprocess.staged_rows import staging_folder
from tests.support.rows import LOADED_AT

LATER = LOADED_AT + dt.timedelta(days=1)
Lake = duckdb.DuckDBPyConnection


def rebuilder(lake: Lake, tmp_path: Path) -> Rebuilder:
    """A rebuilder of the lake in this folder."""
    return Rebuilder(
        lake,
        tmp_path / "warehouse",
        holder="test",
        organizations={},
        clock=lambda: LATER,
        progress=lambda step, done, total: None,
    )


def rebuild(lake: Lake, tmp_path: Path, first: Iterable[pl.DataFrame] | None = None) -> RebuildResult:
    """Rebuild, and see that no staged row is left."""
    with rebuilding(tmp_path / "warehouse"):
        done = rebuilder(lake, tmp_path).rebuild(first)
    assert not staging_folder(tmp_path / "warehouse").exists()
    return done
