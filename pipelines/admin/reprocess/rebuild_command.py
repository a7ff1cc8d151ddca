"""`hirestream rebuild`: rebuild event tables from stored bodies, then all entities and marts."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from pipelines.admin.reprocess.rebuild import Rebuilder, RebuildResult, Snapshots, rebuilding
from pipelines.admin.reprocess.staged_rows import staging_folder
from pipelines.admin.reprocess.table_fingerprints import (
    TableComparison,
    TableFingerprint,
    compare_tables,
    event_fingerprints,
    model_fingerprints,
)
from pipelines.admin.reprocess.table_swap import Progress
from pipelines.admin.reprocess.topic_bodies import MissingRecord, NotOnTopic, missing_from, records_of_topic
from pipelines.errors import HirestreamError, Unavailable
from pipelines.host.output import say, table
from pipelines.ingest.topic_admin import topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.lake.offsets import last_batch
from pipelines.lake.schema import create_tables
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from pipelines.transform.generated_sources import check_generated

SAY_SECONDS = 2.0
"""Interval of progress messages."""

Bodies = Callable[[duckdb.DuckDBPyConnection], Iterable[pl.DataFrame]]
"""Function that returns the loaded records of a lake with bodies from another place than the lake."""


@dataclass(slots=True)
class _TableChanges:
    """Comparison of event tables before and after the swap, and fingerprints of the models before it."""

    now: dt.datetime
    events: list[TableComparison] = field(default_factory=list)
    models: dict[str, TableFingerprint] = field(default_factory=dict)

    def compare(self, lakes: Snapshots) -> None:
        """Compare the tables of both snapshots; an expired snapshot leaves the comparison empty."""
        say("comparing event tables")
        try:
            self.events = compare_tables(event_fingerprints(lakes.before), event_fingerprints(lakes.after))
            self.models = model_fingerprints(lakes.before, self.now)
        except duckdb.Error as error:  # an expired snapshot; the swap is committed
            say(f"the tables could not be compared ({type(error).__name__})")


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """Result of `hirestream rebuild`.

    `loaded_meanwhile` says that events were loaded during it, which change entities and marts but not the
    comparison of event tables.
    """

    rebuilt: RebuildResult
    loaded_meanwhile: bool
    seconds: float
    tables: tuple[TableComparison, ...]


def run_rebuild(settings: Settings, *, from_topic: bool = False) -> RebuildReport:
    """Rebuild all tables from stored bodies, or with `from_topic` from those on the topic.

    Loads may continue meanwhile, and wait during the swap. Raises `Unavailable` without a lake, `UsageError`
    when the models do not match the contracts, `HirestreamError` when a model fails. Raises
    `IncompleteRebuild` when a loaded record has no body, `NotOnTopic` when the topic lacks one; then nothing
    was changed.
    """
    check_generated()
    open_for_reading(settings).close()
    bodies = _topic_bodies(settings) if from_topic else None
    began = time.monotonic()
    seen, builder = _TableChanges(dt.datetime.now(dt.UTC)), ModelBuilder(settings)
    with rebuilding(settings.warehouse):
        say("bringing the models up to date, to compare with")
        with open_lake(settings.warehouse, pinned=True) as lake:
            built = last_batch(lake).batch_id
        if builder.build().failures:
            say("some models failed: entities and marts may differ by that")
        rebuilt = _rebuild_events(settings, bodies, seen)
        _refresh_models(builder)
        with open_lake(settings.warehouse, pinned=True) as lake:
            say("comparing entities and marts")
            models = compare_tables(seen.models, model_fingerprints(lake, seen.now)) if seen.models else []
            meanwhile = last_batch(lake).batch_id > built + 1  # the rebuild's own
    return RebuildReport(rebuilt, meanwhile, time.monotonic() - began, (*seen.events, *models))


def _topic_bodies(settings: Settings) -> Bodies:
    topic = topic_info(settings.kafka)
    marks = watermarks(settings.kafka, topic) if topic else {}
    with open_for_reading(settings) as lake:
        missing = missing_from(lake, topic, marks)
    if missing or topic is None:
        raise NotOnTopic(missing)
    return lambda con: records_of_topic(con, settings.kafka, topic, marks)


def _rebuild_events(settings: Settings, bodies: Bodies | None, seen: _TableChanges) -> RebuildResult:
    with open_lake(settings.warehouse) as con:
        create_tables(con)
        rebuilder = Rebuilder(
            con,
            settings.warehouse,
            holder=f"rebuild, process {os.getpid()}",
            organizations=settings.expected_organizations,
            clock=lambda: dt.datetime.now(dt.UTC),
            progress=progress_on_stderr(time.monotonic),
        )
        try:
            return rebuilder.rebuild(bodies(con) if bodies else None, compare=seen.compare)
        except OSError as error:
            raise Unavailable(
                f"{staging_folder(settings.warehouse)} cannot be written ({error.strerror or error}); "
                "nothing was changed. A rebuild needs room for the event tables twice more"
            ) from error


def _refresh_models(builder: ModelBuilder) -> None:
    say("building every entity and mart again")
    if failures := builder.build(full_refresh=True).failures:
        names = ", ".join(failure.name for failure in failures)
        raise HirestreamError(f"event tables were rebuilt; these models failed, rebuild once more: {names}")


def progress_on_stderr(clock: Callable[[], float]) -> Progress:
    """Return a progress callback that prints the state and speed of a step every few seconds."""
    began: dict[str, float] = {}
    last_message_at = float("-inf")

    def progress(step: str, done: int, total: int) -> None:
        nonlocal last_message_at
        now = clock()
        seconds = now - began.setdefault(step, now)
        if now - last_message_at >= SAY_SECONDS:
            last_message_at = now
            rate = f", {done / seconds:,.0f} a second" if seconds > 0 and step == "decoding" else ""
            say(f"{step} {done:,} of {total:,} ({done / max(total, 1):.0%}){rate}")

    return progress


def as_document(report: RebuildReport) -> Mapping[str, Any]:
    """Return the report as a JSON document."""
    done = report.rebuilt
    return {
        "records": done.exchanged.records,
        "moved": done.exchanged.moved,
        "refused": done.exchanged.refused,
        "batch_id": done.exchanged.batch_id,
        "decode_seconds": round(done.decode_seconds, 3),
        "turn_seconds": round(done.turn_seconds, 3),
        "seconds": round(report.seconds, 3),
        "loaded_meanwhile": report.loaded_meanwhile,
        "tables": [_row(each) for each in report.tables],
    }


def _row(each: TableComparison) -> dict[str, Any]:
    before, after = each.before, each.after
    return {
        "table": each.table,
        "verdict": each.verdict,
        "rows_before": before.rows if before else None,
        "rows": after.rows if after else None,
        "sha256_before": before.sha256 if before else None,
        "sha256": after.sha256 if after else None,
    }


def render_rebuild(report: RebuildReport) -> str:
    """Render the report as text: every table that has rows, then the reasons of refused records."""
    done = report.rebuilt
    rows = [
        [row["table"], row["verdict"], row["rows_before"], row["rows"], *_short_hashes(row)]
        for row in map(_row, report.tables)
        if row["rows"] or row["rows_before"]
    ]
    lines = [table(["table", "verdict", "rows before", "rows", "sha256 before", "sha256"], rows)]
    lines += [f"keeps its rows: {n} x {why}" for why, n in sorted(done.exchanged.refused.items())]
    if report.loaded_meanwhile:
        lines.append("events were loaded meanwhile: entities and marts may have changed by them")
    speed = done.exchanged.records / max(done.decode_seconds, 0.001)
    lines.append(
        f"{done.exchanged.records:,} records in {report.seconds:.1f} s: decoded {speed:,.0f} a second, "
        f"{done.exchanged.moved:,} read in another way; loads waited {done.turn_seconds:.1f} s"
    )
    return "\n".join(lines)


def _short_hashes(row: Mapping[str, Any]) -> list[str]:
    return [(row[name] or "")[:12] for name in ("sha256_before", "sha256")]


def render_missing(missing: Sequence[MissingRecord]) -> str:
    """Render the records that the topic lacks as a text table."""
    rows = [
        [each.topic_id, each.partition, f"{each.first_offset} to {each.last_offset}", each.records, each.why]
        for each in missing
    ]
    return table(["topic id", "partition", "offsets", "records", "why"], rows)
