"""Several processes as one: started when ready, watched, and stopped in reverse order."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from pipelines.errors import HirestreamError, Unavailable
from pipelines.host.child_process import ChildProcess, spawn
from receiver.signal_handlers import STOP_SIGNALS, signals_handled

POLL_SECONDS = 0.1
RESTART_SECONDS = 30.0
"""From the end of a service that the others continue without until it is started again."""

SUPERVISOR_STOP_SIGNALS = (*STOP_SIGNALS, signal.SIGHUP)


class ChildEnded(HirestreamError):
    """A process that should run on has ended. The message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class ExitInfo:
    """The end of a process: its exit code, below zero the signal, and the end of its log."""

    name: str
    exit_code: int
    ran_seconds: float
    log: Path
    last_lines: str

    def __str__(self) -> str:
        return f"{self.name} ended with {self.exit_code}; the end of {self.log}:\n{self.last_lines}"


@dataclass(frozen=True, slots=True)
class Service:
    """A process to run: its command, and how to see that it is ready (None: as soon as it runs).

    With `ended` the other services continue when it ends by itself. `ended` is called with the end, and
    returns whether to start the service again after `restart_seconds`.
    """

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_timeout_seconds: float = 120
    stop_timeout_seconds: float = 10
    ended: Callable[[ExitInfo], bool] | None = None
    restart_seconds: float = RESTART_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class SupervisedProcess:
    """A child, and the service that it is where the supervisor started it."""

    child: ChildProcess
    stop_timeout_seconds: float
    service: Service | None = None
    started_at: float = field(default_factory=time.monotonic)

    def end(self) -> ExitInfo:
        """Outcome at that time."""
        child = self.child
        ran_seconds = time.monotonic() - self.started_at
        return ExitInfo(child.name, child.process.returncode, ran_seconds, child.log, child.tail())


class Supervisor:
    """Owns children until its context is left; then none of them is left either.

    Must be used from one thread: the kernel ends the children with the thread that started them.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._owned: list[SupervisedProcess] = []
        self._waiting: dict[str, tuple[Service, float]] = {}
        self._due: dict[str, tuple[Service, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def own(self, child: ChildProcess, stop_timeout_seconds: float = 10) -> None:
        """Take over a child that somebody else started."""
        self._owned.append(SupervisedProcess(child, stop_timeout_seconds))

    def start(self, service: Service) -> None:
        """Start a process and continue at once; `wait_ready` waits for it."""
        log = self._logs / f"{service.name}.log"
        try:
            child = spawn(service.name, service.command, log, environment=service.environment or None)
        except OSError as error:
            raise Unavailable(f"{service.name} cannot be started: {error.strerror}") from error
        self._owned.append(SupervisedProcess(child, service.stop_timeout_seconds, service))
        if service.ready is not None:
            self._waiting[service.name] = (service, time.monotonic() + service.ready_timeout_seconds)

    def wait_ready(self) -> None:
        """Return when everything started is ready, or has ended and the others continue without it.

        Raises `Unavailable` when one is not ready in its time, else what `check` raises.
        """
        while self._waiting:
            self.check()
            for name, (service, deadline) in list(self._waiting.items()):
                if service.ready is not None and service.ready():
                    del self._waiting[name]
                elif time.monotonic() >= deadline:
                    waited = f"{service.ready_timeout_seconds:g} s"
                    raise Unavailable(f"{name} is not ready after {waited}; see {self._logs / name}.log")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Look who has ended, and start again what is due.

        Raises `ChildEnded` with the last lines of a child that the others do not continue without.
        """
        for owned in [owned for owned in self._owned if not owned.child.running]:
            self._go_on_without(owned)
        for service, due_at in list(self._due.values()):
            if time.monotonic() >= due_at:
                self._start_again(service)

    def watch(self, seconds: float | None = None) -> None:
        """Check again and again, forever or for some seconds. Raises `ChildEnded`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all children, the last started first; a signal does not interrupt it. Again is harmless."""
        with deaf():
            while self._owned:
                owned = self._owned.pop()
                owned.child.stop(owned.stop_timeout_seconds)
            self._waiting.clear()
            self._due.clear()

    def _go_on_without(self, owned: SupervisedProcess) -> None:
        service, end = owned.service, owned.end()
        if service is None or service.ended is None:
            raise ChildEnded(str(end))
        self._owned.remove(owned)
        self._waiting.pop(service.name, None)
        owned.child.stop()  # what it has started itself
        if service.ended(end):
            self._due[service.name] = (service, time.monotonic() + service.restart_seconds)

    def _start_again(self, service: Service) -> None:
        """Nobody waits until it is ready. One that cannot be started, as without memory, is due again."""
        try:
            self.start(replace(service, ready=None))
        except Unavailable:
            self._due[service.name] = (service, time.monotonic() + service.restart_seconds)
        else:
            del self._due[service.name]


def http_ready(url: str) -> Callable[[], bool]:
    """Return whether a GET of `url` is answered with 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this machine
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready


def interruptible() -> AbstractContextManager[None]:
    """Inside, TERM and HUP interrupt like Ctrl-C, so that one way of ending is enough."""
    return signals_handled(signal.default_int_handler, SUPERVISOR_STOP_SIGNALS)


def deaf() -> AbstractContextManager[None]:
    """Inside, the stop signals are ignored: what runs is bounded and must not be cut short."""
    return signals_handled(signal.SIG_IGN, SUPERVISOR_STOP_SIGNALS)
