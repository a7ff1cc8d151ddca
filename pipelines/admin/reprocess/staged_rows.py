"""Staged rows of a rebuild: Parquet files next to the lake, until one transaction inserts them.

Rows are staged in rounds: round 0 has the records at the start, each later round the records that changed
meanwhile, whose rows replace those of the same events in earlier rounds. The files hold personal data like
the event tables: `clear_staging` deletes those of a killed rebuild, also before an erasure.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.lake.sql import sql_literal

_KEYS = "keys"


def staging_folder(warehouse: Path) -> Path:
    """Return the folder of the staged rows."""
    return warehouse / "rebuilding"


def clear_staging(warehouse: Path) -> bool:
    """Delete staged rows; return whether any existed. Must not run during a rebuild: see `rebuilding`."""
    folder = staging_folder(warehouse)
    found = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return found


class StagedRows:
    """Staged rows of one rebuild, by table and round."""

    def __init__(self, warehouse: Path) -> None:
        clear_staging(warehouse)
        self._folder = staging_folder(warehouse)
        self._folder.mkdir(mode=0o700, parents=True)
        self._number = 0

    def forget(self, round_number: int) -> None:
        """Delete the rows of a round, so that it can be staged again."""
        shutil.rmtree(self._round_folder(round_number), ignore_errors=True)

    def add(self, round_number: int, keys: pl.Series, frames: Mapping[str, pl.DataFrame]) -> None:
        """Stage rows of a round by table; `keys` are the keys of all its events, also without rows."""
        self._number += 1
        for table, frame in frames.items():
            if frame.height:
                self._write(round_number, table, frame)
        if round_number:
            rounds = [round_number] * len(keys)
            self._write(round_number, _KEYS, pl.DataFrame({"event_key": keys, "round": rounds}))

    def _write(self, round_number: int, table: str, frame: pl.DataFrame) -> None:
        folder = self._round_folder(round_number) / table
        folder.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / f"{self._number:08}.parquet", compression="lz4")

    def sources(self, table: str) -> list[str]:
        """Return SQL relations with the rows of a table that no later round replaces, one for each round."""
        rounds = sorted(int(folder.parent.name) for folder in self._folder.glob(f"*/{table}"))
        return [self._source(number, table) for number in rounds]

    def _source(self, round_number: int, table: str) -> str:
        found = f"FROM {self._files(f'{round_number:04}', table)}"
        if not any(int(folder.parent.name) > round_number for folder in self._folder.glob(f"*/{_KEYS}")):
            return f"({found})"
        keys = self._files("*", _KEYS)
        later = f"SELECT event_key FROM {keys} WHERE round > {round_number}"  # noqa: S608 - our files
        return f"({found} WHERE event_key NOT IN ({later}))"

    def _files(self, folder: str, table: str) -> str:
        return f"read_parquet({sql_literal(self._folder / folder / table / '*.parquet')})"

    def _round_folder(self, round_number: int) -> Path:
        return self._folder / f"{round_number:04}"
