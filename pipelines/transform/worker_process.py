"""The model builder in a process of its own, so that dbt's Python never holds up a commit."""

import multiprocessing
import os
import signal
from collections.abc import Collection
from multiprocessing.connection import Connection

from pipelines.errors import HirestreamError, Unavailable
from pipelines.host.child_process import tie_to
from pipelines.settings import Settings
from pipelines.transform.builder import BuildResult, ModelBuilder

NICENESS = 5
"""Models yield to commits: a number that is a second older is better than a row that waits."""


class ModelProcess:
    """Builds models in a child that keeps dbt's manifest. Make it in the thread that lives longest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._start()

    def build(self, touched: Collection[str] | None) -> BuildResult:
        """As `ModelBuilder.build`. Raises `Unavailable` when the child died; the next call has a new one."""
        if not self._child.is_alive():
            self._start()
        try:
            self._pipe.send(None if touched is None else set(touched))
            answer: BuildResult | HirestreamError = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise Unavailable("the process that builds models ended; it is started again") from error
        if isinstance(answer, HirestreamError):
            raise answer
        return answer

    def stop(self) -> None:
        """End the child at once. What it was writing is not written; the next build does it."""
        self._child.kill()
        self._child.join()

    def _start(self) -> None:
        """Start the child; it imports dbt while the first batch is read."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._child = context.Process(target=_serve, args=(self._settings, other, os.getpid()), daemon=True)
        self._child.start()
        other.close()


def _serve(settings: Settings, pipe: Connection, parent: int) -> None:
    """Answer each set of touched tables with the result of building, until the pipe is closed."""
    tie_to(parent)()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the loader decides
    os.nice(NICENESS)
    builder = ModelBuilder(settings)
    while True:
        try:
            touched = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(builder.build(touched))
        except HirestreamError as error:
            pipe.send(error)
