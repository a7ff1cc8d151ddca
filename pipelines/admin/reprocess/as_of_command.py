"""`hirestream rebuild --as-of T --into FILE`: build entities and marts as of an earlier time."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.admin.reprocess.replay_command import parse_time
from pipelines.errors import UsageError
from pipelines.host.output import say
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings
from pipelines.transform.generated_sources import check_generated
from pipelines.transform.point_in_time import build_as_of


@dataclass(frozen=True, slots=True)
class PointInTimeFile:
    """Written point-in-time file; `tables` is its number of entities and marts."""

    file: str
    as_of: dt.datetime
    tables: int


def run_as_of(
    settings: Settings, as_of: str, file: Path, *, force: bool, now: dt.datetime
) -> PointInTimeFile:
    """Write the entities and marts as of a time into a file; the lake is only read.

    Raises `UsageError` for an invalid or future time, and when the file exists unless `force` is given;
    `Unavailable` without a lake, `HirestreamError` when a model fails.
    """
    check_generated()
    then = parse_time(as_of)
    if then is None or then > now:
        raise UsageError(f"{as_of} is yet to come; nobody knows what will be loaded by then")
    if file.exists() and not force:
        raise UsageError(f"{file} exists; give another name, or --force to replace it")
    open_for_reading(settings).close()
    say(f"building every entity and mart as of {then.isoformat()}")
    build_as_of(settings, then, file)
    with duckdb.connect(str(file), read_only=True) as con:
        ((tables,),) = con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    return PointInTimeFile(str(file), then, int(tables))
