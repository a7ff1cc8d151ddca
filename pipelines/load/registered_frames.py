"""Frames that SQL can name: a name is bound once, because to bind it costs 1.4 ms and a commit has seven."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import duckdb
import polars as pl

_numbers = count()


class RegisteredFrame:
    """Frame under a name: its rows may change, its columns may not."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The rows, by the Arrow protocol that DuckDB asks for."""
        return self.frame.__arrow_c_stream__(requested_schema)


class FrameRegistry:
    """Names of frames on a connection, which no other `FrameRegistry` on it can take over."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._number = next(_numbers)
        self._held: dict[str, RegisteredFrame] = {}

    def hold(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Let `source_of` name them. Outside a transaction, which would take a new name back with it."""
        for name, frame in frames.items():
            held = self._held.get(name)
            if held and held.frame.schema == frame.schema:
                held.frame = frame
            else:  # a view goes by place and would mix up other columns
                self._held[name] = RegisteredFrame(frame)
                self._con.register(self._view(name), self._held[name])

    def source_of(self, name: str) -> str:
        """Relation to select from for the frame that is registered under this name."""
        return f'temp."{self._view(name)}"'

    def release(self) -> None:
        """Let go of the rows and keep the names."""
        for held in self._held.values():
            held.frame = held.frame.clear()

    def _view(self, name: str) -> str:
        return f"held {self._number} {name}"
