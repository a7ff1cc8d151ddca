"""`hirestream retention`: redact records older than the limit of their source; counts do not change."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.admin.erasure.finalize import ErasureContext, RedactionResult, eraser_of, forget
from pipelines.admin.erasure.lake_redaction import Eraser
from pipelines.admin.erasure.receipt import Receipt
from pipelines.admin.reprocess.rebuild import rebuilding
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.privacy.keyed_hash import key_of
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings

RETENTION = "retention"

_DUE = """
SELECT topic_id, partition, "offset" FROM wh.ledger.deliveries
WHERE source = ? AND coalesce(received_at, loaded_at) < ? AND erased_at IS NULL
    AND (outcome IN ('loaded', 'quarantined') OR reason = 'body_differs')
ORDER BY batch_id, partition, "offset"
"""
_NEWEST = """
SELECT erasure_id FROM wh.ledger.erasures WHERE kind = ? ORDER BY begun_at DESC, erasure_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class ExpiredRecords:
    """Number of expired records that are not redacted yet, by source with a limit."""

    records: Mapping[str, int]

    @property
    def total(self) -> int:
        """Number of expired records of all sources."""
        return sum(self.records.values())


def retention_limits(settings: Settings) -> dict[str, int]:
    """Return the days that a source keeps personal data, by source with a limit."""
    days = {name: source.retention_days for name, source in settings.sources.items()}
    return {name: limit for name, limit in days.items() if limit is not None}


def count_expired(settings: Settings, now: dt.datetime) -> ExpiredRecords:
    """Count the records that `run_retention` would redact. Raises `Unavailable` without a lake."""
    with open_for_reading(settings) as con:
        found = {
            name: _expired_positions(settings, con, name, now).height for name in retention_limits(settings)
        }
    return ExpiredRecords(found)


def run_retention(settings: Settings, how: ErasureContext) -> Receipt | None:
    """Redact expired records, a bounded part in each transaction; return None when no record is expired.

    After a kill the next run continues to the receipt, also when no record is left to redact. Raises
    `SettingsError` without the erasure key, even when no record is expired, `Unavailable` while another
    process blocks a step.
    """
    with open_for_reading(settings) as con:
        begun = _unfinished_erasure(settings, con)
    if begun is None and not retention_limits(settings):
        return None
    keyed, now = key_of(settings), how.clock()
    if begun is None and not count_expired(settings, now).total:
        return None
    with rebuilding(settings.warehouse):
        con = open_lake(settings.warehouse)
        try:
            create_tables(con)
            done = redact_due(settings, con, eraser_of(settings, con, keyed, how), now, how.who)
        finally:
            con.close()
        how.after("redacted")
        return forget(settings, keyed, done, how)


def redact_due(
    settings: Settings, con: duckdb.DuckDBPyConnection, eraser: Eraser, now: dt.datetime, who: str
) -> RedactionResult:
    """Redact the records that are expired at `now`, under the unfinished erasure or that of the day."""
    erasure_id = _unfinished_erasure(settings, con) or f"{RETENTION}-{now:%Y-%m-%d}"
    changed = Counter[str]()
    eraser.begin(erasure_id, RETENTION, who)
    _receipt_file(settings, erasure_id).unlink(missing_ok=True)  # it would not count what is redacted next
    for name in retention_limits(settings):
        changed += eraser.redact(erasure_id, _expired_positions(settings, con, name, now))
    return RedactionResult(erasure_id, RETENTION, changed)


def _unfinished_erasure(settings: Settings, con: duckdb.DuckDBPyConnection) -> str | None:
    """Return the id of the newest retention erasure if it has no receipt; a run continues it first."""
    try:
        newest = con.execute(_NEWEST, [RETENTION]).fetchone()
    except duckdb.CatalogException:  # a lake older than the table of erasures
        return None
    return newest[0] if newest and not _receipt_file(settings, newest[0]).exists() else None


def _receipt_file(settings: Settings, erasure_id: str) -> Path:
    return settings.erasures / f"{erasure_id}.json"


def _expired_positions(
    settings: Settings, con: duckdb.DuckDBPyConnection, source: str, now: dt.datetime
) -> pl.DataFrame:
    return con.execute(_DUE, [source, now - dt.timedelta(days=retention_limits(settings)[source])]).pl()


def render_due(due: ExpiredRecords) -> str:
    """Render the number of expired records by source as text."""
    lines = [f"{name}: {count} records would be redacted" for name, count in due.records.items()]
    return "\n".join(lines) or "no source has a limit: set HIRESTREAM_SOURCES__<NAME>__RETENTION_DAYS"
