"""Work after a commit, in a separate thread: build the affected models, publish, maintain, report to Dagster.

Commits never wait for this thread. Commits that arrive while it works are handled together in its next round.
A failure is logged, written to the state file for `hirestream status`, and tried again at the next interval.
"""

import datetime as dt
import logging
import threading
from collections import Counter
from typing import Any

import duckdb

from pipelines.errors import Unavailable
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import MAX_NEW_FILES, maintain
from pipelines.load.loader import LoadResult
from pipelines.runtime.stream.build_state import write_state
from pipelines.runtime.stream.dagster_reporter import PUBLISHED, reporter
from pipelines.serving.published_file import PublishedFileWriter
from pipelines.settings import Settings
from pipelines.transform.worker_process import ModelProcess

log = logging.getLogger(__name__)

FILES_A_MODEL = 2
"""Maximum number of files that one build of a model adds: one with new rows and one with deletes."""


class PostCommit:
    """Thread that builds models, publishes and reports after batches, at most once in some seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models = ModelProcess(settings) if settings.models.enabled else None
        self._publisher = PublishedFileWriter(settings)
        self._dagster_reporter = reporter(settings)
        self._lock = threading.Lock()
        self._rows_to_build: Counter[str] = Counter()
        self._new_files = MAX_NEW_FILES  # how many files the last process left is unknown
        self._build_all = True
        self._publish_pending = True
        self._stop_requested = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-up")

    def start(self) -> None:
        """Start the thread; its first build covers every model."""
        self._thread.start()

    def add_batch(self, done: LoadResult) -> None:
        """Record that a batch was committed."""
        with self._lock:
            self._rows_to_build.update(done.tables)
            self._new_files += done.files
        self._dagster_reporter.on_loaded(done)

    def finish(self, *, build: bool) -> None:
        """Stop the thread; with `build`, also bring the models and the published file up to date."""
        self._stop_requested.set()
        if not build:
            self._stop_models()
        self._thread.join()
        if build:
            self._build_and_publish(publish_now=True)
        self._stop_models()
        self._dagster_reporter.report_due(now=True)

    def _run(self) -> None:
        while True:
            self._build_and_publish(publish_now=False)
            self._maintain_if_due()
            self._dagster_reporter.report_due()
            if self._stop_requested.wait(self._settings.models.interval_seconds):
                return

    def _stop_models(self) -> None:
        if self._models is not None:
            self._models.stop()

    def _build_and_publish(self, *, publish_now: bool) -> None:
        if self._models is None:
            return
        with self._lock:
            touched, self._rows_to_build = self._rows_to_build, Counter()
        try:
            if touched or self._build_all:
                self._build(self._models, touched)
            if self._publish_pending and self._publisher.publish_if_due(now=publish_now):
                self._publish_pending = False
                self._dagster_reporter.on_built([PUBLISHED])
        except Exception as error:
            if self._stop_requested.is_set() and not publish_now:  # the child process was stopped, too
                return
            log.exception("models were not built or published")
            with self._lock:
                self._rows_to_build.update(touched)
            self._save_state({"failed": [type(error).__name__]})

    def _build(self, models: ModelProcess, touched: Counter[str]) -> None:
        result = models.build(None if self._build_all else set(touched))
        self._build_all = False
        self._publish_pending = True
        with self._lock:
            self._new_files += FILES_A_MODEL * len(result.models)
        self._dagster_reporter.on_built(f"{m.schema}.{m.name}" for m in result.models if m.failure is None)
        self._save_state(
            {
                "seconds": result.seconds,
                "models": len(result.models),
                "failed": [f.name for f in result.failures],
            }
        )

    def _maintain_if_due(self) -> None:
        with self._lock:
            if self._new_files < MAX_NEW_FILES:
                return
            self._new_files = 0
        try:
            with open_lake(self._settings.warehouse) as con:
                done = maintain(con, self._settings.warehouse)
            log.info("lake tidied: %d files in %.1f s", done.files, done.seconds)
        except (duckdb.Error, Unavailable) as error:  # maintenance runs again soon, also by Dagster
            log.warning("the lake was not tidied: %s", type(error).__name__)

    def _save_state(self, state: dict[str, Any]) -> None:
        try:
            write_state(self._settings.home, {"built_at": dt.datetime.now(dt.UTC).isoformat(), **state})
        except OSError as error:  # a full disk must not end this thread
            log.warning("the state of the models was not written: %s", error.strerror)
