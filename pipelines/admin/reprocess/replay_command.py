"""`hirestream replay`, and `hirestream rebuild` of one event type, followed by a build of the models."""

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
"""SQL for all reasons of a quarantined record, in the form that `hirestream quarantine --records` shows."""


@dataclass(frozen=True, slots=True)
class ReplayFilters:
    """Filter of quarantined records to replay; None matches all."""

    delivery_id: str | None = None
    reason: str | None = None
    event_type: str | None = None
    source: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def loaded_events_of_type(settings: Settings, event_type: str) -> ReplaySelection:
    """Select every loaded event of one type.

    Raises `UsageError` for a type that was never loaded and that no contract names.
    """
    known = {name for _, name in contracts()}
    seen = query(settings, "SELECT DISTINCT event_type FROM ledger.deliveries").rows
    if event_type not in known | {name for (name,) in seen}:
        raise UsageError(f"no event of type {event_type!r} was ever loaded, and no contract names it")
    return ReplaySelection("rebuild", "d.event_type = ?", [event_type])


def quarantined_records(filters: ReplayFilters) -> ReplaySelection:
    """Select the quarantined records that match all filters.

    The filter `reason` is a part of any reason of a record or of its field's path, as `hirestream quarantine`
    shows it, grouped or not.
    """
    reason = filters.reason and filters.reason.removesuffix("…")  # a printed table cuts long values
    conditions: list[tuple[str, Any]] = [
        ("d.delivery_id = ?", filters.delivery_id),
        (f"contains(concat_ws(chr(10), {_REASONS}, {reason_pattern(_REASONS)}), ?)", reason),
        ("kept.event_type = ?", filters.event_type),
        ("d.source = ?", filters.source),
        ("d.received_at >= ?", filters.since),
        ("d.received_at < ?", filters.until),
    ]
    given = [(sql, value) for sql, value in conditions if value is not None]
    return ReplaySelection(
        "replay", " AND ".join(["true", *(sql for sql, _ in given)]), [v for _, v in given]
    )


def run_reload(settings: Settings, selection: ReplaySelection) -> ReplayResult:
    """Decode the selected records again and build the models; the loader may run meanwhile.

    Raises `Unavailable` without a lake, `UsageError` when the models do not match the contracts,
    `HirestreamError` when a model fails.
    """
    check_generated()
    open_for_reading(settings).close()
    con = open_lake(settings.warehouse)
    try:
        create_tables(con)
        done = _replayer(settings, con).reload(selection)
    finally:
        con.close()
    if done.loaded or done.duplicate:
        _build(settings, everything=selection.kind == "rebuild")
    return done


def render(done: ReplayResult, selection: ReplaySelection) -> str:
    """Render the result of a replay as text: numbers by outcome, and reasons of refused records."""
    if selection.kind == "replay" and not done.records:
        return "no quarantined record matches; `hirestream quarantine` lists them"
    where = "quarantine" if selection.kind == "replay" else "its table"
    lines = [f"decoded again {done.records}: loaded {done.loaded}, duplicate {done.duplicate}"]
    lines += [f"stays in {where}: {count} x {reason}" for reason, count in sorted(done.refused.items())]
    return "\n".join(lines)


def parse_time(text: str | None) -> dt.datetime | None:
    """Parse an ISO 8601 time of the command line, in UTC when it has no zone. Raises `UsageError`."""
    if text is None:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no ISO 8601 time such as 2026-11-21T08:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _replayer(settings: Settings, con: Any) -> Replayer:
    return Replayer(
        con,
        WriterLock(settings.warehouse),
        holder=f"reload, process {os.getpid()}",
        organizations=settings.expected_organizations,
        clock=lambda: dt.datetime.now(dt.UTC),
    )


def _build(settings: Settings, *, everything: bool) -> None:
    """Build the models; only a full build detects that an entity has lost an event.

    Raises `HirestreamError` when a model fails.
    """
    failures = ModelBuilder(settings).build(full_refresh=everything).failures
    if failures:
        names = ", ".join(failure.name for failure in failures)
        raise HirestreamError(f"records were moved; these models failed and are built next time: {names}")


def reason_pattern(reason: str) -> str:
    """Return SQL that replaces every list index in a reason by `[]`, so that records group by reason."""
    return f"regexp_replace({reason}, '\\[\\d+\\]', '[]', 'g')"
