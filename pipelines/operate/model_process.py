"""The model builder in a process of its own, so that dbt's Python never holds up a commit."""

import multiprocessing
import os
import signal
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from pipelines.errors import Unavailable
from pipelines.operate.child import tie_to
from pipelines.settings import Settings
from pipelines.transform.build import BuildResult, ModelBuilder

NICENESS = 5
"""Models yield to commits: a number that is a second older is better than a row that waits."""

_builder: ModelBuilder | None = None


class ModelProcess:
    """Builds models in a child that keeps dbt's manifest. Make it in the thread that lives longest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = self._start()

    def build(self, touched: Collection[str] | None) -> BuildResult:
        """As `ModelBuilder.build`. Raises `Unavailable` when the child died; the next call has a new one."""
        try:
            return self._pool.submit(_build, None if touched is None else set(touched)).result()
        except BrokenProcessPool as error:
            self._pool = self._start()
            raise Unavailable("the process that builds models died; it is started again") from error

    def close(self) -> None:
        """End the child after what it does now."""
        self._pool.shutdown()

    def _start(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _begin, (self._settings, os.getpid())
        )
        pool.submit(os.getpid)  # it starts and imports dbt while the first batch is read
        return pool


def _begin(settings: Settings, parent: int) -> None:
    global _builder  # noqa: PLW0603 - one builder a process is the point
    tie_to(parent)()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the loader decides
    os.nice(NICENESS)
    _builder = ModelBuilder(settings)


def _build(touched: set[str] | None) -> BuildResult:
    assert _builder is not None  # noqa: S101 - made by _begin
    return _builder.build(touched)
