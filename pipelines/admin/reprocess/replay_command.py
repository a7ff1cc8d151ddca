"""`hirestream rebuild` and `hirestream replay`: records of the lake decoded again, then the models."""

import datetime as dt
import os
from dataclasses import dataclass
from typing import Any

from pipelines.admin.reprocess.replay import Replayer, ReplayResult, ReplaySelection
from pipelines.contracts.registry import contracts
from pipelines.errors import HirestreamError, UsageError
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.lake.writer_lock import WriterLock
from pipelines.serving.lake_reader import open_for_reading, query
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from pipelines.transform.generated_sources import check_generated

_REASONS = """
concat_ws(chr(10), kept.stage || ' ' || coalesce(kept.reason, ''),
    array_to_string([each.path || ': ' || each.problem FOR each IN kept.reasons], chr(10)))
"""
"""SQL: every reason of a quarantined record as `hirestream quarantine --records` shows the first."""


@dataclass(frozen=True, slots=True)
class ReplayFilters:
    """Filter of quarantined records to replay; None matches all."""

    delivery_id: str | None = None
    reason: str | None = None
    event_type: str | None = None
    source: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def of_event_type(settings: Settings, event_type: str) -> ReplaySelection:
    """Every loaded event of one type. Raises `UsageError` for one that nobody has seen or described."""
    known = {name for _, name in contracts()}
    seen = query(settings, "SELECT DISTINCT event_type FROM ledger.deliveries").rows
    if event_type not in known | {name for (name,) in seen}:
        raise UsageError(f"no event of type {event_type!r} was ever loaded, and no contract names it")
    return ReplaySelection("rebuild", "d.event_type = ?", [event_type])


def quarantined_records(filters: ReplayFilters) -> ReplaySelection:
    """Quarantined records that match the filters.

    `reason` is part of any reason of a record or of its field's path, as `hirestream quarantine` shows it,
    grouped or not.
    """
    reason = filters.reason and filters.reason.removesuffix("…")  # a table cuts what is long
    conditions: list[tuple[str, Any]] = [
        ("d.delivery_id = ?", filters.delivery_id),
        (f"contains(concat_ws(chr(10), {_REASONS}, {reason_pattern(_REASONS)}), ?)", reason),
        ("kept.event_type = ?", filters.event_type),
        ("d.source = ?", filters.source),
        ("d.received_at >= ?", filters.since),
        ("d.received_at < ?", filters.until),
    ]
    asked = [(sql, value) for sql, value in conditions if value is not None]
    return ReplaySelection(
        "replay", " AND ".join(["true", *(sql for sql, _ in asked)]), [v for _, v in asked]
    )


def run_reload(settings: Settings, wanted: ReplaySelection) -> ReplayResult:
    """Decode again what is wanted and bring the models up to date; the loader may continue meanwhile.

    Raises `Unavailable` without a lake, `UsageError` where the models do not know the contracts,
    `HirestreamError` when a model fails.
    """
    check_generated()
    open_for_reading(settings).close()
    con = open_lake(settings.warehouse)
    try:
        create_tables(con)
        done = _reloader(settings, con).reload(wanted)
    finally:
        con.close()
    if done.loaded or done.duplicate:
        _build(settings, everything=wanted.kind == "rebuild")
    return done


def render(done: ReplayResult, wanted: ReplaySelection) -> str:
    """For a person: what moved, and what stays and why."""
    if wanted.kind == "replay" and not done.records:
        return "no quarantined record matches; `hirestream quarantine` lists them"
    where = "quarantine" if wanted.kind == "replay" else "its table"
    lines = [f"decoded again {done.records}: loaded {done.loaded}, duplicate {done.duplicate}"]
    lines += [f"stays in {where}: {count} x {reason}" for reason, count in sorted(done.refused.items())]
    return "\n".join(lines)


def instant(text: str | None) -> dt.datetime | None:
    """An ISO 8601 time of the command line, in UTC where it has no zone. Raises `UsageError`."""
    if text is None:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no ISO 8601 time such as 2026-11-21T08:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _reloader(settings: Settings, con: Any) -> Replayer:
    return Replayer(
        con,
        WriterLock(settings.warehouse),
        holder=f"reload, process {os.getpid()}",
        organizations=settings.expected_organizations,
        clock=lambda: dt.datetime.now(dt.UTC),
    )


def _build(settings: Settings, *, everything: bool) -> None:
    """Bring the models up to date; only a full build sees that an entity has lost an event."""
    failures = ModelBuilder(settings).build(full_refresh=everything).failures
    if failures:
        names = ", ".join(failure.name for failure in failures)
        raise HirestreamError(f"records were moved; these models failed and are built next time: {names}")


def reason_pattern(reason: str) -> str:
    """SQL for the text of a reason with `[]` for every place in a list, which many records then share."""
    return f"regexp_replace({reason}, '\\[\\d+\\]', '[]', 'g')"
