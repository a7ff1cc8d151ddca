"""What follows a commit: build the touched models, publish, tell Dagster; in a thread of its own.

Commits never wait for it and it never loses one: what arrives while it works is taken together next time.
What fails is logged, kept in the state file for `hirestream status`, and tried again at the next interval.
"""

import datetime as dt
import logging
import threading
from collections import Counter
from typing import Any

from pipelines.operate.materializations import PUBLISHED, reporter
from pipelines.operate.state import write_state
from pipelines.settings import Settings
from pipelines.transform.build import ModelBuilder
from pipelines.warehouse.load import Loaded
from pipelines.warehouse.publish import Publisher

log = logging.getLogger(__name__)


class FollowUp:
    """Builds, publishes and reports at most every few seconds, and only when something was loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._builder = ModelBuilder(settings)
        self._publisher = Publisher(settings)
        self._dagster = reporter(settings)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._first = True
        self._unpublished = True
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-up")

    def start(self) -> None:
        """Begin; the first build makes every model."""
        self._thread.start()

    def tell(self, done: Loaded) -> None:
        """A batch was committed."""
        with self._lock:
            self._waiting.update(done.tables)
        self._dagster.tell_loaded(done)

    def finish(self, *, build: bool) -> None:
        """End the thread; with `build`, bring models and the published file up to date first."""
        self._ending.set()
        self._thread.join()
        if build:
            self._work(publish_now=True)
        self._dagster.report_due(now=True)

    def _run(self) -> None:
        while True:
            self._work(publish_now=False)
            self._dagster.report_due()
            if self._ending.wait(self._settings.models.interval_seconds):
                return

    def _work(self, *, publish_now: bool) -> None:
        with self._lock:
            touched, self._waiting = self._waiting, Counter()
        try:
            if touched or self._first:
                self._build(touched)
            if self._unpublished and self._publisher.publish_if_due(now=publish_now):
                self._unpublished = False
                self._dagster.tell_built([PUBLISHED])
        except Exception as error:
            log.exception("models were not built or published")
            with self._lock:
                self._waiting.update(touched)
            self._note({"failed": [type(error).__name__]})

    def _build(self, touched: Counter[str]) -> None:
        result = self._builder.build(None if self._first else set(touched))
        self._first = False
        self._unpublished = True
        self._dagster.tell_built(f"{m.schema}.{m.name}" for m in result.models if m.failure is None)
        self._note(
            {
                "seconds": result.seconds,
                "models": len(result.models),
                "failed": [f.name for f in result.failures],
            }
        )

    def _note(self, state: dict[str, Any]) -> None:
        write_state(self._settings.home, {"built_at": dt.datetime.now(dt.UTC).isoformat(), **state})
