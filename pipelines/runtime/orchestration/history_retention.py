"""Retention of Dagster's history: deletes old runs and superseded asset reports, which Dagster itself keeps.

Kept are every reported materialization of the last two hours, the last one of each hour for a week, and
always the newest of each asset.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import Connection, delete, select

FULL_AGE = dt.timedelta(hours=2)
HOURLY_AGE = dt.timedelta(days=7)
RUN_AGE = dt.timedelta(days=2)
MAX_RUNS = 500
"""Maximum number of runs deleted in one call of `purge_runs`."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ReportedAsset:
    """Materialization in Dagster's event log that was reported without a run: row id, asset key and time."""

    row_id: int
    asset_key: str
    at: dt.datetime


def superseded_row_ids(reported: Iterable[ReportedAsset], now: dt.datetime) -> set[int]:
    """Return the row ids of reported materializations that may be deleted."""
    newest: dict[str, ReportedAsset] = {}
    last_of_hour: dict[tuple[str, dt.datetime], ReportedAsset] = {}
    rows = sorted(reported, key=lambda event: (event.at, event.row_id))
    for event in rows:
        newest[event.asset_key] = event
        last_of_hour[event.asset_key, event.at.replace(minute=0, second=0, microsecond=0)] = event
    kept_ids = {event.row_id for event in newest.values()}
    kept_ids |= {event.row_id for event in last_of_hour.values() if now - event.at <= HOURLY_AGE}
    kept_ids |= {event.row_id for event in rows if now - event.at <= FULL_AGE}
    return {event.row_id for event in rows} - kept_ids


def thin_reports(instance: dg.DagsterInstance, now: dt.datetime) -> int:
    """Delete superseded materializations that were reported without a run. Returns the number deleted."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    with storage.index_connection() as con:
        deleted = _delete_superseded(con, now)
    with storage.run_connection(RUNLESS_RUN_ID) as con:  # SQLite keeps a second copy there
        _delete_superseded(con, now)
    return deleted


def purge_runs(instance: dg.DagsterInstance, now: dt.datetime) -> int:
    """Delete runs older than `RUN_AGE` that have ended, with events and logs. Returns the number deleted."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    old = dg.RunsFilter(statuses=ended, created_before=now - RUN_AGE)
    runs = instance.get_run_records(filters=old, limit=MAX_RUNS, ascending=True)
    for record in runs:
        run_id = record.dagster_run.run_id
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
        _remove_shard(instance, run_id)
    return len(runs)


def _remove_shard(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete the SQLite file of a deleted run; Dagster empties the file but does not remove it."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(storage.path_for_shard(run_id) + suffix).unlink(missing_ok=True)


def _delete_superseded(con: Connection, now: dt.datetime) -> int:
    table = SqlEventLogStorageTable.c
    events = con.execute(
        select(table.id, table.asset_key, table.timestamp).where(
            table.run_id == RUNLESS_RUN_ID, table.asset_key.is_not(None)
        )
    ).fetchall()
    row_ids = sorted(
        superseded_row_ids((ReportedAsset(row[0], row[1], _as_utc(row[2])) for row in events), now)
    )
    for start in range(0, len(row_ids), _CHUNK):
        con.execute(delete(SqlEventLogStorageTable).where(table.id.in_(row_ids[start : start + _CHUNK])))
    return len(row_ids)


def _as_utc(at: dt.datetime) -> dt.datetime:
    """Return a Dagster timestamp as aware UTC; Dagster stores UTC without a zone."""
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
