"""Reports of `hirestream stream` to Dagster, so that its UI shows the same state as after a Dagster run.

A report takes milliseconds and some kilobytes of Dagster's event log, so each asset is reported at most once
a minute, with the rows added since; `runtime/orchestration/history_retention.py` deletes old reports.
Columns are part of the definitions and need no report. A failed report is logged once and tried again;
loads never wait for reports.
"""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb

from pipelines.lake.catalog import row_counts
from pipelines.lake.connection import open_lake
from pipelines.load.catch_up import rows_by_table
from pipelines.load.loader import LoadResult
from pipelines.settings import Settings

log = logging.getLogger(__name__)

MIN_SECONDS = 60.0
PUBLISHED = "published.warehouse_duckdb"
"""Name of the published file in reports, in the form `schema.name` of the tables."""
_COUNTED_SCHEMAS = frozenset({"ledger", "quarantine", "events", "entities"})
"""Schemas whose rows are counted. They hold tables only; counting a view would compute it."""

Report = Callable[[str, Mapping[str, Any]], None]
Count = Callable[[Collection[str]], Mapping[str, int]]


class DagsterReporter(Protocol):
    """Interface to which the stream reports its commits and builds."""

    def on_loaded(self, done: LoadResult) -> None:
        """Record that a batch was committed."""

    def on_built(self, names: Iterable[str]) -> None:
        """Record that models or files were rebuilt; `names` are of the form `schema.name`."""

    def report_due(self, *, now: bool = False) -> None:
        """Send the reports that are due, or with `now` all pending ones."""


class NullReporter:
    """Reporter that does nothing, for installations without Dagster."""

    def on_loaded(self, done: LoadResult) -> None:
        """Do nothing."""

    def on_built(self, names: Iterable[str]) -> None:
        """Do nothing."""

    def report_due(self, *, now: bool = False) -> None:
        """Do nothing."""


class ThrottledReporter:
    """Reporter that sums up changes per asset and reports each asset at most once per `shortest_seconds`."""

    def __init__(
        self,
        report: Report,
        count: Count,
        *,
        clock: Callable[[], float] = time.monotonic,
        shortest_seconds: float = MIN_SECONDS,
    ) -> None:
        self._report = report
        self._count = count
        self._clock = clock
        self._shortest_seconds = shortest_seconds
        self._lock = threading.Lock()
        self._rows: Counter[str] = Counter()
        self._pending_names: set[str] = set()
        self._batch_id = 0
        self._reported_at: dict[str, float] = {}
        self._failure_logged = False

    def on_loaded(self, done: LoadResult) -> None:
        """Add the rows of a batch. Must be fast, because the committing thread calls this method."""
        rows = {name: count for name, count in rows_by_table(done).items() if count}
        with self._lock:
            self._rows.update(rows)
            self._pending_names.update(rows, {"ledger.bodies"} if done.loaded else ())
            self._batch_id = done.batch_id

    def on_built(self, names: Iterable[str]) -> None:
        """Record the names of models or files that were rebuilt, for the next report."""
        with self._lock:
            self._pending_names.update(names)

    def report_due(self, *, now: bool = False) -> None:
        """Report the assets that are due. Failed reports stay pending. Never raises."""
        due = self._take_due(self._clock(), now=now)
        if not due:
            return
        try:
            self._report_all(due)
        except Exception as error:  # noqa: BLE001 - Dagster's storage raises errors of many types
            with self._lock:
                self._rows.update(due)
                self._pending_names.update(due)
            if not self._failure_logged:
                log.warning("Dagster was not told of new data (%s); tried again", type(error).__name__)
            self._failure_logged = True
        else:
            self._failure_logged = False

    def _take_due(self, at: float, *, now: bool) -> dict[str, int]:
        """Remove the assets that are due from the pending ones. Returns their new rows by asset name."""
        with self._lock:
            names = [
                name
                for name in sorted(self._pending_names)
                if now or at - self._reported_at.get(name, float("-inf")) >= self._shortest_seconds
            ]
            self._pending_names.difference_update(names)
            return {name: self._rows.pop(name, 0) for name in names}

    def _report_all(self, due: dict[str, int]) -> None:
        counts = self._count([name for name in due if name.split(".")[0] in _COUNTED_SCHEMAS])
        for name, rows in list(due.items()):
            self._report(name, _metadata(rows, counts.get(name), self._batch_id))
            self._reported_at[name] = self._clock()
            del due[name]


def _metadata(rows: int, total: int | None, batch_id: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"made_by": "hirestream stream", "batch_id": batch_id}
    if total is not None:
        metadata["dagster/row_count"] = total
    if rows:
        metadata["rows_loaded"] = rows
    return metadata


def reporter(settings: Settings, environment: Mapping[str, str] = os.environ) -> DagsterReporter:
    """Create a reporter to the Dagster instance at `DAGSTER_HOME`; a `NullReporter` without such an instance.

    The storage of `DAGSTER_HOME` must exist already: two processes that create it at once would break it.
    """
    home = environment.get("DAGSTER_HOME")
    if not home or not (Path(home) / "dagster.yaml").exists():
        return NullReporter()
    return ThrottledReporter(_report_to_dagster(Path(home)), _row_counter(settings))


def _report_to_dagster(home: Path) -> Report:
    """Return a function that reports to Dagster. Its first call imports Dagster, which takes seconds."""
    opened: list[Any] = []

    def report(name: str, metadata: Mapping[str, Any]) -> None:
        import dagster as dg  # noqa: PLC0415 - see above

        if not opened:
            opened.append(dg.DagsterInstance.from_config(str(home)))
        opened[0].report_runless_asset_event(dg.AssetMaterialization(name.split("."), metadata=metadata))

    return report


def _row_counter(settings: Settings) -> Count:
    """Return a function that counts rows by table. It keeps one connection: opening the lake takes 0.5 s."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def count(names: Collection[str]) -> Mapping[str, int]:
        if not opened:
            opened.append(open_lake(settings.warehouse, read_only=True))
        return row_counts(opened[0], names)

    return count
