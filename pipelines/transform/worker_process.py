"""Model builder in a separate process, so that dbt's Python code never delays a commit."""

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
"""Niceness of the model process: commits have priority, because a mart may be a second older."""


class ModelProcess:
    """Child process that builds models and keeps dbt's manifest in memory.

    Create it in the thread that lives longest, because the child ends with the thread that started it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._start()

    def build(self, touched: Collection[str] | None) -> BuildResult:
        """Run `ModelBuilder.build` in the child.

        Raises `Unavailable` when the child died; the next call starts another one.
        """
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
        """Kill the child. An unfinished build is rolled back; the next build repeats it."""
        self._child.kill()
        self._child.join()

    def _start(self) -> None:
        """Start the child, which imports dbt while the loader reads the first batch."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._child = context.Process(target=_serve, args=(self._settings, other, os.getpid()), daemon=True)
        self._child.start()
        other.close()


def _serve(settings: Settings, pipe: Connection, parent: int) -> None:
    """Build for each set of touched tables in the pipe and send the result back, until the pipe is closed."""
    tie_to(parent)()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the loader ends the child
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
