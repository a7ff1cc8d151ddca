"""From redacted records to files that hold nothing of them: what erasure and retention have in common."""

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
from pipelines.admin.erasure.receipt import Receipt, TopicRemainder, verified, write_receipt
from pipelines.admin.erasure.residue_cleanup import clear, is_clearable
from pipelines.admin.erasure.residue_scan import Residue, traces
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
"""Kafka's default age of a segment; retention begins when it is closed."""

NOT_SEARCHED = ("kafka",)
"""Folders of the home: Kafka deletes its log itself, and the receipt says when."""


@dataclass(frozen=True, slots=True)
class ErasureContext:
    """Context of an erasure: the requester (recorded in the ledger), the clock, and a callback `after` each
    step.
    """

    who: str
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    after: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class RedactionResult:
    """Result of a redaction: rows by table, values to search the files for, and known remainders."""

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
    """An eraser on a connection to the lake of these settings; `writer_lock` is one that the caller holds."""
    return Eraser(
        con,
        writer_lock or WriterLock(settings.warehouse, longest_seconds=MAX_TURN_SECONDS),
        keyed,
        holder=f"erasure by {how.who}",
        organizations=settings.expected_organizations,
        clock=how.clock,
    )


def forget(settings: Settings, keyed: KeyedHasher, done: RedactionResult, how: ErasureContext) -> Receipt:
    """Models, files, catalog, published file and logs without what was redacted; then the receipt.

    No rebuild may run meanwhile. Raises `HirestreamError` when a model fails, `Unavailable` while somebody is
    in the way.
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
    remains = [*done.remains, *_searched(settings, done.values)]
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
    """Return whether a receipt is as it was signed. Raises `UsageError` for another file, `SettingsError`."""
    return verified(file, key_of(settings))


def _finish(
    settings: Settings, keyed: KeyedHasher, done: RedactionResult, how: ErasureContext
) -> tuple[dt.datetime, dict[str, int], tuple[TopicRemainder, ...]]:
    """The catalog's statistics fixed and the erasure closed, in one turn."""
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
        return at, event_types, _on_topic(settings, con, done.erasure_id)
    finally:
        con.close()


def _on_topic(
    settings: Settings, con: duckdb.DuckDBPyConnection, erasure_id: str
) -> tuple[TopicRemainder, ...]:
    """Topics of the records and their redeliveries, with the time until which the topic keeps them."""
    rows = delivered(con, erasure_id)
    topic_ids, kept = _topics(settings) if rows else (None, None)
    return tuple(
        TopicRemainder(topic, records, (newest + kept).date().isoformat() if kept else None)
        for topic, topic_id, records, newest in rows
        if topic_ids is None or topic_id in topic_ids
    )


def delivered(con: duckdb.DuckDBPyConnection, erasure_id: str) -> list[tuple[str, str, int, dt.datetime]]:
    """Topic, its id, how many deliveries of what was redacted were taken from it, and when the newest one.

    Kafka counts from when they were published: after they were received, and before they were loaded.
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


def _topics(settings: Settings) -> tuple[set[str] | None, dt.timedelta | None]:
    """The topic that there is, and how long it keeps records; by the settings while Kafka is away."""
    try:
        now = topic_info(settings.kafka)
        return ({now.topic_id}, longest_kept(settings.kafka)) if now else (set(), None)
    except Unavailable:
        return None, dt.timedelta(days=settings.kafka.retention_days + SEGMENT_DAYS)


def clear_what_can_be(settings: Settings, values: Sequence[str]) -> None:
    """Mask log lines and remove built files that hold a value, while the values are known."""
    without = [settings.home / name for name in NOT_SEARCHED]
    clear(settings.home, traces(settings.home, values, without=without, only=is_clearable), values)


def _searched(settings: Settings, values: Sequence[str]) -> list[Residue]:
    """Residues of a value after logs and built files were cleared."""
    without = [settings.home / name for name in NOT_SEARCHED]
    found = traces(settings.home, values, without=without)
    if found and clear(settings.home, found, values):
        found = traces(settings.home, values, without=without)
    return found
