"""Steps after a redaction, common to erasure and retention: models, data files, search, receipt."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.admin.erasure.lake_redaction import Eraser
from pipelines.admin.erasure.physical_deletion import (
    MAX_TURN_SECONDS,
    narrow_statistics,
    rewrite,
    vacuum,
)
from pipelines.admin.erasure.receipt import Receipt, TopicRemainder, is_signed, write_receipt
from pipelines.admin.erasure.residue_cleanup import clear, is_clearable
from pipelines.admin.erasure.residue_scan import Residue, find_residues
from pipelines.errors import HirestreamError, Unavailable
from pipelines.ingest.topic_admin import longest_kept, topic_info
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.writer_lock import WriterLock
from pipelines.privacy.keyed_hash import KeyedHasher, key_of
from pipelines.serving.published_file import PublishedFileWriter
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder, build_lock

SEGMENT_DAYS = 7
"""Kafka's default maximum age of a log segment; its retention begins when the segment is closed."""

NOT_SEARCHED = ("kafka",)
"""Folders of the home that are not searched: Kafka deletes its log itself, and the receipt says when."""


@dataclass(frozen=True, slots=True)
class ErasureContext:
    """Context of an erasure: requester for the ledger, clock, and `after`, called after each step."""

    who: str
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    after: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class RedactionResult:
    """Result of a redaction: changed rows by table, values to search the files for, and known residues."""

    erasure_id: str
    kind: str
    changed: Mapping[str, int]
    values: Sequence[str] = ()
    organization: str | None = None
    value_hmac: str | None = None
    remains: Sequence[Residue] = ()


def eraser_of(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    keyed: KeyedHasher,
    how: ErasureContext,
    writer_lock: WriterLock | None = None,
) -> Eraser:
    """Return an eraser on a connection to the lake; `writer_lock` is one that the caller holds."""
    return Eraser(
        con,
        writer_lock or WriterLock(settings.warehouse, longest_seconds=MAX_TURN_SECONDS),
        keyed,
        holder=f"erasure by {how.who}",
        organizations=settings.expected_organizations,
        clock=how.clock,
    )


def forget(settings: Settings, keyed: KeyedHasher, done: RedactionResult, how: ErasureContext) -> Receipt:
    """Remove redacted values from models, files, catalog, published file and logs, and write the receipt.

    The caller prevents rebuilds meanwhile. Raises `HirestreamError` when a model fails, `Unavailable` while
    another process blocks a step.
    """
    failures = ModelBuilder(settings).build(full_refresh=True).failures
    if failures:
        names = ", ".join(failure.name for failure in failures)
        raise HirestreamError(f"records are redacted; these models failed, do it again: {names}")
    how.after("models")
    with build_lock(settings.warehouse):
        rewrite(settings.warehouse)
        how.after("files")
        begun_at, event_types, topic = _finish(settings, keyed, done, how)
    how.after("finished")
    vacuum(catalog_file(settings.warehouse))
    how.after("catalog")
    PublishedFileWriter(settings).publish_if_due(now=True)
    how.after("published")
    remains = [*done.remains, *_remaining_residues(settings, done.values)]
    how.after("searched")
    receipt = Receipt(
        erasure_id=done.erasure_id,
        kind=done.kind,
        organization=done.organization,
        value_hmac=done.value_hmac,
        begun_at=begun_at.isoformat(),
        finished_at=how.clock().isoformat(),
        who=how.who,
        records=sum(event_types.values()),
        event_types=event_types,
        changed=dict(sorted(done.changed.items())),
        topic=topic,
        searched_values=len(done.values),
        remains=tuple(remains),
    )
    write_receipt(settings.erasures, receipt, keyed)
    return receipt


def verify_receipt(settings: Settings, file: Path) -> bool:
    """Return whether the signature of a receipt is valid.

    Raises `UsageError` for a file that is no receipt, `SettingsError` without a key.
    """
    return is_signed(file, key_of(settings))


def _finish(
    settings: Settings, keyed: KeyedHasher, done: RedactionResult, how: ErasureContext
) -> tuple[dt.datetime, dict[str, int], tuple[TopicRemainder, ...]]:
    """Narrow the catalog's statistics and close the erasure in one turn of the writer lock.

    Return `(begun_at, records by event type, what the topics still have)`.
    """
    con = open_lake(settings.warehouse)
    try:
        rows = con.execute(
            """
            SELECT coalesce(d.event_type, 'unreadable'), count(*) FROM wh.ledger.redactions AS r
            JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset")
            WHERE r.erasure_id = ? GROUP BY ALL ORDER BY ALL
            """,
            [done.erasure_id],
        ).fetchall()
        event_types: dict[str, int] = dict(rows)
        writer_lock = WriterLock(settings.warehouse, longest_seconds=MAX_TURN_SECONDS)
        with writer_lock.acquired():
            narrow_statistics(con)
            eraser_of(settings, con, keyed, how, writer_lock).finish(done.erasure_id, event_types)
        begun = con.execute(
            "SELECT begun_at FROM wh.ledger.erasures WHERE erasure_id = ?", [done.erasure_id]
        ).fetchone()
        at = begun[0] if begun else how.clock()
        return at, event_types, _topic_remainders(settings, con, done.erasure_id)
    finally:
        con.close()


def _topic_remainders(
    settings: Settings, con: duckdb.DuckDBPyConnection, erasure_id: str
) -> tuple[TopicRemainder, ...]:
    """Return the topics that still have the records or redeliveries of them, with their date of deletion."""
    rows = deliveries_by_topic(con, erasure_id)
    topic_ids, kept = _topic_retention(settings) if rows else (None, None)
    return tuple(
        TopicRemainder(topic, records, (newest + kept).date().isoformat() if kept else None)
        for topic, topic_id, records, newest in rows
        if topic_ids is None or topic_id in topic_ids
    )


def deliveries_by_topic(
    con: duckdb.DuckDBPyConnection, erasure_id: str
) -> list[tuple[str, str, int, dt.datetime]]:
    """Return `(topic, topic_id, deliveries, newest_at)` for each topic that redacted events came from.

    Kafka's retention counts from publication, which is after receipt and before load, so `newest_at` is the
    later of both.
    """
    return con.execute(
        """
        WITH redacted AS (
            SELECT d.topic_id, d.partition, d."offset", d.event_key FROM wh.ledger.redactions AS r
            JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset") WHERE r.erasure_id = ?
        )
        SELECT topic, topic_id, count(*), max(greatest(received_at, loaded_at)) FROM wh.ledger.deliveries
        WHERE (topic_id, partition, "offset") IN (SELECT (topic_id, partition, "offset") FROM redacted)
            OR event_key IN (SELECT event_key FROM redacted WHERE event_key IS NOT NULL)
        GROUP BY ALL ORDER BY ALL
        """,
        [erasure_id],
    ).fetchall()


def _topic_retention(settings: Settings) -> tuple[set[str] | None, dt.timedelta | None]:
    """Return `(topic_ids, retention)` of the current topic; retention None means forever.

    While Kafka does not answer, `topic_ids` is None and the retention that of the settings.
    """
    try:
        now = topic_info(settings.kafka)
        return ({now.topic_id}, longest_kept(settings.kafka)) if now else (set(), None)
    except Unavailable:
        return None, dt.timedelta(days=settings.kafka.retention_days + SEGMENT_DAYS)


def clear_residues(settings: Settings, values: Sequence[str]) -> None:
    """Mask log lines and delete built files that hold one of the values."""
    without = [settings.home / name for name in NOT_SEARCHED]
    clear(settings.home, find_residues(settings.home, values, without=without, only=is_clearable), values)


def _remaining_residues(settings: Settings, values: Sequence[str]) -> list[Residue]:
    """Clear logs and built files; return the files that still hold one of the values."""
    without = [settings.home / name for name in NOT_SEARCHED]
    found = find_residues(settings.home, values, without=without)
    if found and clear(settings.home, found, values):
        found = find_residues(settings.home, values, without=without)
    return found
