"""Work after a commit, in a separate thread: build the affected models, publish, maintain, report to Dagster.

Commits never wait for it and it never loses one: what arrives while it works is taken together next time.
What fails is logged, kept in the state file for `hirestream status`, and tried again at the next interval.
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
"""Maximum files per model and build: its new rows, and its deletes."""


class PostCommit:
    """Builds, publishes and reports at most every few seconds, and only when something was loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models = ModelProcess(settings) if settings.models.enabled else None
        self._publisher = PublishedFileWriter(settings)
        self._dagster = reporter(settings)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._new_files = MAX_NEW_FILES  # nobody counted what the process before left
        self._first = True
        self._unpublished = True
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-up")

    def start(self) -> None:
        """Begin; the first build makes every model."""
        self._thread.start()

    def tell(self, done: LoadResult) -> None:
        """A batch was committed."""
        with self._lock:
            self._waiting.update(done.tables)
            self._new_files += done.files
        self._dagster.on_loaded(done)

    def finish(self, *, build: bool) -> None:
        """End the thread; with `build`, bring models and the published file up to date first."""
        self._ending.set()
        if not build:
            self._stop_models()
        self._thread.join()
        if build:
            self._work(publish_now=True)
        self._stop_models()
        self._dagster.report_due(now=True)

    def _run(self) -> None:
        while True:
            self._work(publish_now=False)
            self._maintain_if_due()
            self._dagster.report_due()
            if self._ending.wait(self._settings.models.interval_seconds):
                return

    def _stop_models(self) -> None:
        if self._models is not None:
            self._models.stop()

    def _work(self, *, publish_now: bool) -> None:
        if self._models is None:
            return
        with self._lock:
            touched, self._waiting = self._waiting, Counter()
        try:
            if touched or self._first:
                self._build(self._models, touched)
            if self._unpublished and self._publisher.publish_if_due(now=publish_now):
                self._unpublished = False
                self._dagster.on_built([PUBLISHED])
        except Exception as error:
            if self._ending.is_set() and not publish_now:  # the child was ended with everything else
                return
            log.exception("models were not built or published")
            with self._lock:
                self._waiting.update(touched)
            self._note({"failed": [type(error).__name__]})

    def _build(self, models: ModelProcess, touched: Counter[str]) -> None:
        result = models.build(None if self._first else set(touched))
        self._first = False
        self._unpublished = True
        with self._lock:
            self._new_files += FILES_A_MODEL * len(result.models)
        self._dagster.on_built(f"{m.schema}.{m.name}" for m in result.models if m.failure is None)
        self._note(
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
        except (duckdb.Error, Unavailable) as error:  # the next time is soon, and Dagster has a schedule
            log.warning("the lake was not tidied: %s", type(error).__name__)

    def _note(self, state: dict[str, Any]) -> None:
        try:
            write_state(self._settings.home, {"built_at": dt.datetime.now(dt.UTC).isoformat(), **state})
        except OSError as error:  # a full disk must not end this thread
            log.warning("the state of the models was not written: %s", error.strerror)
