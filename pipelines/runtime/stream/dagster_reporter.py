"""Reports of `hirestream stream` to Dagster, so its UI shows the same state as after a Dagster run.

A report costs milliseconds and some kilobytes of Dagster's event log, so an asset is reported at most once a
minute, with what was added up since; `runtime/orchestration/history_retention.py` thins out old reports.
Columns are part of the definitions and need no report. Whatever fails here is logged once and tried
again; no load ever waits for it.
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
"""The published file, in the notation of the tables."""
_COUNTED = frozenset({"ledger", "quarantine", "events", "entities"})
"""Schemas of tables; to count a view would compute it."""

Report = Callable[[str, Mapping[str, Any]], None]
Count = Callable[[Collection[str]], Mapping[str, int]]


class DagsterReporter(Protocol):
    """Reports of the stream."""

    def on_loaded(self, done: LoadResult) -> None:
        """A batch was committed."""

    def on_built(self, names: Iterable[str]) -> None:
        """Models or files, as `schema.name`, were recreated."""

    def report_due(self, *, now: bool = False) -> None:
        """Report what is due, or all that waits."""


class NullReporter:
    """Reporter for installations without Dagster."""

    def on_loaded(self, done: LoadResult) -> None:
        """Nobody listens."""

    def on_built(self, names: Iterable[str]) -> None:
        """Nobody listens."""

    def report_due(self, *, now: bool = False) -> None:
        """Nobody listens."""


class ThrottledReporter:
    """Adds up what changed and hands it on asset by asset, each at most once in `shortest_seconds`."""

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
        self._changed: set[str] = set()
        self._batch_id = 0
        self._reported_at: dict[str, float] = {}
        self._complained = False

    def on_loaded(self, done: LoadResult) -> None:
        """Add the rows of a batch; called by the thread that commits, and quick."""
        rows = {name: count for name, count in rows_by_table(done).items() if count}
        with self._lock:
            self._rows.update(rows)
            self._changed.update(rows, {"ledger.bodies"} if done.loaded else ())
            self._batch_id = done.batch_id

    def on_built(self, names: Iterable[str]) -> None:
        """Remember what was recreated."""
        with self._lock:
            self._changed.update(names)

    def report_due(self, *, now: bool = False) -> None:
        """Report what is due; what fails stays for the next time. Never raises."""
        due = self._take_due(self._clock(), now=now)
        if not due:
            return
        try:
            self._report_all(due)
        except Exception as error:  # noqa: BLE001 - Dagster's storage fails in its own ways
            with self._lock:
                self._rows.update(due)
                self._changed.update(due)
            if not self._complained:
                log.warning("Dagster was not told of new data (%s); tried again", type(error).__name__)
            self._complained = True
        else:
            self._complained = False

    def _take_due(self, at: float, *, now: bool) -> dict[str, int]:
        """Rows by name of what is due; it counts as reported from here on."""
        with self._lock:
            names = [
                name
                for name in sorted(self._changed)
                if now or at - self._reported_at.get(name, float("-inf")) >= self._shortest_seconds
            ]
            self._changed.difference_update(names)
            return {name: self._rows.pop(name, 0) for name in names}

    def _report_all(self, due: dict[str, int]) -> None:
        counts = self._count([name for name in due if name.split(".")[0] in _COUNTED])
        for name, rows in list(due.items()):
            self._report(name, _metadata(rows, counts.get(name), self._batch_id))
            self._reported_at[name] = self._clock()
            del due[name]


def _metadata(rows: int, total: int | None, batch_id: int) -> dict[str, Any]:
    found: dict[str, Any] = {"made_by": "hirestream stream", "batch_id": batch_id}
    if total is not None:
        found["dagster/row_count"] = total
    if rows:
        found["rows_loaded"] = rows
    return found


def reporter(settings: Settings, environment: Mapping[str, str] = os.environ) -> DagsterReporter:
    """A reporter to the Dagster instance of this process's environment; a silent one where there is none.

    `DAGSTER_HOME` must have been initialised: two processes that make its storage at once break it.
    """
    home = environment.get("DAGSTER_HOME")
    if not home or not (Path(home) / "dagster.yaml").exists():
        return NullReporter()
    return ThrottledReporter(_to_dagster(Path(home)), _counter(settings))


def _to_dagster(home: Path) -> Report:
    """Reports to the instance, which is opened with the first one: importing Dagster takes seconds."""
    opened: list[Any] = []

    def report(name: str, metadata: Mapping[str, Any]) -> None:
        import dagster as dg  # noqa: PLC0415 - see above

        if not opened:
            opened.append(dg.DagsterInstance.from_config(str(home)))
        opened[0].report_runless_asset_event(dg.AssetMaterialization(name.split("."), metadata=metadata))

    return report


def _counter(settings: Settings) -> Count:
    """Counts over one connection, because to open the lake costs half a second."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def count(names: Collection[str]) -> Mapping[str, int]:
        if not opened:
            opened.append(open_lake(settings.warehouse, read_only=True))
        return row_counts(opened[0], names)

    return count
