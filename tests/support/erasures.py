"""An erasure in a lake, a loader that suppresses what was erased, and everything that the lake contains."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from pipelines.admin.erasure.lake_redaction import Eraser
from pipelines.admin.erasure.person_search import ErasureRequest, PersonRecords, find
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.loader import Loader
from pipelines.privacy.keyed_hash import KeyedHasher
from tests.support.people import EMAIL, KEY
from tests.support.rows import LOADED_AT

LATER = LOADED_AT + dt.timedelta(days=1)
KEYED = KeyedHasher(KEY.encode())
BY_EMAIL = ErasureRequest("email", EMAIL)
Lake = duckdb.DuckDBPyConnection


def eraser(lake: Any, tmp_path: Path) -> Eraser:
    """An eraser a day after the load."""
    return Eraser(lake, WriterLock(tmp_path), KEYED, holder="test", organizations={}, clock=lambda: LATER)


def erase(
    lake: Any, tmp_path: Path, request: ErasureRequest = BY_EMAIL, erasure_id: str = "erasure-1"
) -> PersonRecords:
    """What `hirestream erase` does to the lake, without its files."""
    erasing = eraser(lake, tmp_path)
    found = find(lake, request, erasure_id)
    erasing.register(erasure_id, request, found, "test")
    erasing.redact(erasure_id, found.frame())
    return found


def suppressing(lake: Lake, now: dt.datetime = LATER) -> Loader:
    """A loader that redacts what comes again of erased people."""
    return Loader(
        lake,
        {},
        holder="test",
        organizations={},
        rejects=None,
        clock=lambda: now,
        keyed=KEYED,
    )


def everything(lake: Lake, *, without: tuple[str, ...] = ()) -> str:
    """All rows of the lake as one text, bodies decoded; `without` some tables."""
    names = lake.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'wh' ORDER BY ALL"
    ).fetchall()
    asked = [name for (name,) in names if name not in without]
    return "\n".join(str(lake.execute(f"FROM wh.{name} ORDER BY ALL").fetchall()) for name in asked)
