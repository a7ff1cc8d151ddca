"""Several processes as one: started when ready, watched, and stopped in reverse order."""

import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pipelines.errors import HirestreamError, Unavailable
from pipelines.operate.child import Child, spawn

POLL_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ChildEnded(HirestreamError):
    """A process that should run on has ended. The message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process to run: its command, and how to see that it is ready (None: as soon as it runs)."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_timeout_seconds: float = 120
    stop_timeout_seconds: float = 10


class Supervisor:
    """Owns children until its context is left; then none of them is left either.

    Must be used from one thread: the kernel ends the children with the thread that started them.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._owned: list[tuple[Child, float]] = []
        self._waiting: dict[str, tuple[Service, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def own(self, child: Child, stop_timeout_seconds: float = 10) -> None:
        """Take over a child that somebody else started."""
        self._owned.append((child, stop_timeout_seconds))

    def start(self, service: Service) -> None:
        """Start a process and go on at once; `wait_ready` waits for it."""
        log = self._logs / f"{service.name}.log"
        try:
            child = spawn(service.name, service.command, log, environment=service.environment or None)
        except OSError as error:
            raise Unavailable(f"{service.name} cannot be started: {error.strerror}") from error
        self.own(child, service.stop_timeout_seconds)
        if service.ready is not None:
            self._waiting[service.name] = (service, time.monotonic() + service.ready_timeout_seconds)

    def wait_ready(self) -> None:
        """Return when everything started is ready.

        Raises `Unavailable` when one is not ready in its time, `ChildEnded` when one ended.
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
        """Raise `ChildEnded` when a child has ended, with its last lines."""
        for child, _ in self._owned:
            if not child.running:
                code, last = child.process.returncode, child.tail()
                raise ChildEnded(f"{child.name} ended with {code}; the end of {child.log}:\n{last}")

    def watch(self, seconds: float | None = None) -> None:
        """Check again and again, for ever or for some seconds. Raises `ChildEnded`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all children, the last started first; a signal does not interrupt it. Again is harmless."""
        with deaf():
            while self._owned:
                child, timeout_seconds = self._owned.pop()
                child.stop(timeout_seconds)
            self._waiting.clear()


def http_ready(url: str) -> Callable[[], bool]:
    """Whether a GET of `url` is answered with 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this machine
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, TERM and HUP interrupt like Ctrl-C, so that one way of ending is enough."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deaf() -> Iterator[None]:
    """Inside, the stop signals are ignored: what runs is bounded and must not be cut short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
