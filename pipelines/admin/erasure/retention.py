"""`hirestream retention`: what is older than a source may keep is redacted as an erasure is; numbers stay."""

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
    """Expired records of each source with a limit that are not redacted yet."""

    records: Mapping[str, int]

    @property
    def total(self) -> int:
        """Of all sources."""
        return sum(self.records.values())


def limited(settings: Settings) -> dict[str, int]:
    """The days that each source keeps personal data, of those that have a limit."""
    days = {name: source.retention_days for name, source in settings.sources.items()}
    return {name: limit for name, limit in days.items() if limit is not None}


def what_is_due(settings: Settings, now: dt.datetime) -> ExpiredRecords:
    """Records that `run_retention` would redact. Raises `Unavailable` without a lake."""
    with open_for_reading(settings) as con:
        found = {name: _positions(settings, con, name, now).height for name in limited(settings)}
    return ExpiredRecords(found)


def run_retention(settings: Settings, how: ErasureContext) -> Receipt | None:
    """Redact what is too old, a bounded part in each transaction; None where nothing is.

    Killed half-way, the next run continues to the receipt, although what was redacted is not due any more.
    Raises `SettingsError` without the erasure key, also while nothing is due yet, `Unavailable` while others
    are in the way.
    """
    with open_for_reading(settings) as con:
        begun = _unfinished(settings, con)
    if begun is None and not limited(settings):
        return None
    keyed, now = key_of(settings), how.clock()
    if begun is None and not what_is_due(settings, now).total:
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
    """Redact the records of the lake that are too old now; one erasure a day, or the one without receipt."""
    erasure_id = _unfinished(settings, con) or f"{RETENTION}-{now:%Y-%m-%d}"
    changed = Counter[str]()
    eraser.begin(erasure_id, RETENTION, who)
    _receipt(settings, erasure_id).unlink(missing_ok=True)  # before what it does not tell of is done
    for name in limited(settings):
        changed += eraser.redact(erasure_id, _positions(settings, con, name, now))
    return RedactionResult(erasure_id, RETENTION, changed)


def _unfinished(settings: Settings, con: duckdb.DuckDBPyConnection) -> str | None:
    """The newest erasure of this kind, if it has no receipt; it is taken up before there is another."""
    try:
        newest = con.execute(_NEWEST, [RETENTION]).fetchone()
    except duckdb.CatalogException:  # a lake from before there were erasures
        return None
    return newest[0] if newest and not _receipt(settings, newest[0]).exists() else None


def _receipt(settings: Settings, erasure_id: str) -> Path:
    return settings.erasures / f"{erasure_id}.json"


def _positions(
    settings: Settings, con: duckdb.DuckDBPyConnection, source: str, now: dt.datetime
) -> pl.DataFrame:
    return con.execute(_DUE, [source, now - dt.timedelta(days=limited(settings)[source])]).pl()


def render_due(due: ExpiredRecords) -> str:
    """For a person."""
    lines = [f"{name}: {count} records would be redacted" for name, count in due.records.items()]
    return "\n".join(lines) or "no source has a limit: set HIRESTREAM_SOURCES__<NAME>__RETENTION_DAYS"
