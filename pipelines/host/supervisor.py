"""Supervision of child processes: they are started, watched, restarted, and stopped in reverse order."""

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
"""Default pause between the end of an optional service and its restart."""

SUPERVISOR_STOP_SIGNALS = (*STOP_SIGNALS, signal.SIGHUP)


class ChildEnded(HirestreamError):
    """Raised when a required process has ended. The message has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class ExitInfo:
    """Exit of a process. `exit_code` is the negative signal number if a signal killed the process."""

    name: str
    exit_code: int
    ran_seconds: float
    log: Path
    last_lines: str

    def __str__(self) -> str:
        return f"{self.name} ended with {self.exit_code}; the end of {self.log}:\n{self.last_lines}"


@dataclass(frozen=True, slots=True)
class Service:
    """Definition of a process for the supervisor. `ready` is its readiness check; None: ready once started.

    A service with `ended` is optional: the others continue when it ends by itself. `ended` is then called
    with the exit and returns whether to start the service again after `restart_seconds`.
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
    """Child process of the supervisor; `service` is None for a child that the supervisor did not start."""

    child: ChildProcess
    stop_timeout_seconds: float
    service: Service | None = None
    started_at: float = field(default_factory=time.monotonic)

    def exit_info(self) -> ExitInfo:
        """Return exit code, run time and last log lines of the ended child."""
        child = self.child
        ran_seconds = time.monotonic() - self.started_at
        return ExitInfo(child.name, child.process.returncode, ran_seconds, child.log, child.tail())


class Supervisor:
    """Owner of child processes; leaving its context stops all of them.

    Use it from one thread only, because the kernel kills the children when the thread that started them ends.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._owned: list[SupervisedProcess] = []
        self._not_ready: dict[str, tuple[Service, float]] = {}
        self._due_restarts: dict[str, tuple[Service, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def own(self, child: ChildProcess, stop_timeout_seconds: float = 10) -> None:
        """Take ownership of a child that was started elsewhere."""
        self._owned.append(SupervisedProcess(child, stop_timeout_seconds))

    def start(self, service: Service) -> None:
        """Start a service without waiting until it is ready; `wait_ready` does that.

        Raises `Unavailable` when the process cannot be started.
        """
        log = self._logs / f"{service.name}.log"
        try:
            child = spawn(service.name, service.command, log, environment=service.environment or None)
        except OSError as error:
            raise Unavailable(f"{service.name} cannot be started: {error.strerror}") from error
        self._owned.append(SupervisedProcess(child, service.stop_timeout_seconds, service))
        if service.ready is not None:
            self._not_ready[service.name] = (service, time.monotonic() + service.ready_timeout_seconds)

    def wait_ready(self) -> None:
        """Wait until every started service is ready or, if optional, has ended.

        Raises `Unavailable` when a service is not ready in time, and `ChildEnded` as `check` does.
        """
        while self._not_ready:
            self.check()
            for name, (service, deadline) in list(self._not_ready.items()):
                if service.ready is not None and service.ready():
                    del self._not_ready[name]
                elif time.monotonic() >= deadline:
                    waited = f"{service.ready_timeout_seconds:g} s"
                    raise Unavailable(f"{name} is not ready after {waited}; see {self._logs / name}.log")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Handle children that have ended, and start the services whose restart is due.

        Raises `ChildEnded` with the last log lines of a required child that has ended.
        """
        for owned in [owned for owned in self._owned if not owned.child.running]:
            self._handle_exit(owned)
        for service, due_at in list(self._due_restarts.values()):
            if time.monotonic() >= due_at:
                self._restart(service)

    def watch(self, seconds: float | None = None) -> None:
        """Call `check` repeatedly, forever or for `seconds`. Raises `ChildEnded` as `check` does."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop all children, the last started first, ignoring stop signals. A second call does nothing."""
        with stop_signals_ignored():
            while self._owned:
                owned = self._owned.pop()
                owned.child.stop(owned.stop_timeout_seconds)
            self._not_ready.clear()
            self._due_restarts.clear()

    def _handle_exit(self, owned: SupervisedProcess) -> None:
        service, exit_info = owned.service, owned.exit_info()
        if service is None or service.ended is None:
            raise ChildEnded(str(exit_info))
        self._owned.remove(owned)
        self._not_ready.pop(service.name, None)
        owned.child.stop()  # ends the processes that the child started
        if service.ended(exit_info):
            self._due_restarts[service.name] = (service, time.monotonic() + service.restart_seconds)

    def _restart(self, service: Service) -> None:
        """Start a service again without waiting until it is ready.

        A failure, such as missing memory, schedules the next attempt.
        """
        try:
            self.start(replace(service, ready=None))
        except Unavailable:
            self._due_restarts[service.name] = (service, time.monotonic() + service.restart_seconds)
        else:
            del self._due_restarts[service.name]


def http_ready(url: str) -> Callable[[], bool]:
    """Return a readiness check: a function that returns whether a GET of `url` is answered with 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this machine
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready


def interruptible() -> AbstractContextManager[None]:
    """Context in which SIGTERM and SIGHUP interrupt like Ctrl-C, so that one clean-up path is enough."""
    return signals_handled(signal.default_int_handler, SUPERVISOR_STOP_SIGNALS)


def stop_signals_ignored() -> AbstractContextManager[None]:
    """Context in which stop signals are ignored, for work that takes bounded time and must complete."""
    return signals_handled(signal.SIG_IGN, SUPERVISOR_STOP_SIGNALS)
