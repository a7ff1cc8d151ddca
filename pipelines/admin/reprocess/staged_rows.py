"""Rows decoded again, in Parquet files next to the lake until one transaction takes them in.

Round after round: 0 is the lake as it was at first, each later one what changed meanwhile, and its rows take
the place of earlier ones of the same events. The files hold what the event tables hold, personal data too:
`clear_staging` removes what a killed rebuild left, and whoever erases calls it.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.lake.sql import sql_literal

_KEYS = "keys"


def staging_folder(warehouse: Path) -> Path:
    """Folder of the staged rows."""
    return warehouse / "rebuilding"


def clear_staging(warehouse: Path) -> bool:
    """Remove what is there; whether there was anything. Not while a rebuild runs: see `rebuilding`."""
    folder = staging_folder(warehouse)
    found = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return found


class StagedRows:
    """The rows of one rebuild, by table and round."""

    def __init__(self, warehouse: Path) -> None:
        clear_staging(warehouse)
        self._folder = staging_folder(warehouse)
        self._folder.mkdir(mode=0o700, parents=True)
        self._number = 0

    def forget(self, of: int) -> None:
        """Take back what a round has, so that it can be read once more."""
        shutil.rmtree(self._round(of), ignore_errors=True)

    def add(self, of: int, keys: pl.Series, frames: Mapping[str, pl.DataFrame]) -> None:
        """Rows of a round by table; `keys` are the events that it has read, those without rows too."""
        self._number += 1
        for table, frame in frames.items():
            if frame.height:
                self._write(of, table, frame)
        if of:
            self._write(of, _KEYS, pl.DataFrame({"event_key": keys, "round": [of] * len(keys)}))

    def _write(self, of: int, table: str, frame: pl.DataFrame) -> None:
        folder = self._round(of) / table
        folder.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / f"{self._number:08}.parquet", compression="lz4")

    def sources(self, table: str) -> list[str]:
        """Relations with the valid rows of a table: one for each round that has any."""
        rounds = sorted(int(folder.parent.name) for folder in self._folder.glob(f"*/{table}"))
        return [self._source(of, table) for of in rounds]

    def _source(self, of: int, table: str) -> str:
        found = f"FROM {self._files(f'{of:04}', table)}"
        if not any(int(folder.parent.name) > of for folder in self._folder.glob(f"*/{_KEYS}")):
            return f"({found})"
        later = f"SELECT event_key FROM {self._files('*', _KEYS)} WHERE round > {of}"  # noqa: S608 - our files
        return f"({found} WHERE event_key NOT IN ({later}))"

    def _files(self, of: str, table: str) -> str:
        return f"read_parquet({sql_literal(self._folder / of / table / '*.parquet')})"

    def _round(self, of: int) -> Path:
        return self._folder / f"{of:04}"
