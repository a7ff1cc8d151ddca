"""The whole system as real processes on one home folder, to be killed, frozen and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from pipelines.host.child_process import tie_to
from pipelines.runtime.kafka.broker import RunningBroker, start_broker
from pipelines.settings import Settings
from receiver.settings import PROJECT
from tests.chaos.client import Client, Traffic
from tests.support.running import Receiver, variables

READY_SECONDS = 60
SETTLE_SECONDS = 180


@dataclass(slots=True)
class Program:
    """One process of the system."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        """kill -9 of the process and whatever it has started, and wait for its end."""
        try:
            family = [
                psutil.Process(self.process.pid),
                *psutil.Process(self.process.pid).children(recursive=True),
            ]
        except psutil.NoSuchProcess:
            family = []
        for each in family:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def signal(self, number: int) -> None:
        """Send a signal to it alone."""
        self.process.send_signal(number)

    @property
    def running(self) -> bool:
        """Return whether it has not ended."""
        return self.process.poll() is None

    def words(self) -> str:
        """All that it wrote."""
        return self.log.read_text(errors="replace")


class World:
    """Broker, receiver, loader and a client. Everything ends with the context."""

    def __init__(self, settings: Settings, traffic: Traffic) -> None:
        self.settings = settings
        self.client = Client(settings.receiver.port, traffic)
        self.minutes = 1.0
        """How long a stopped broker stays away."""
        self.prefix: Sequence[str] = ()
        """Stands before every command of the system, such as one that enters a namespace."""
        self.receiver: Program
        self.loader: Program
        self._programs: list[Program] = []
        self._broker: RunningBroker | None = None
        self._number = 0

    def __enter__(self) -> Self:
        self.start_broker()
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._programs:
            if program.running:
                program.kill()
        if self._broker is not None:
            self.broker_signal(signal.SIGCONT)
            self._broker.stop()

    def start_broker(self) -> None:
        """The embedded broker on the data that is there."""
        self._broker = start_broker(self.settings)

    @property
    def broker(self) -> RunningBroker:
        """The broker, which may have been killed."""
        assert self._broker is not None
        return self._broker

    def kill_broker(self) -> None:
        """kill -9; `start_broker` brings it back."""
        self.broker_signal(signal.SIGKILL)
        self.broker.stop()

    def broker_signal(self, number: int) -> None:
        """A signal to the broker's process group."""
        try:
            os.killpg(self.broker.pid, number)
        except ProcessLookupError:
            return

    def start(self, *command: str, **environment: str) -> Program:
        """A process with the settings of this world, `sys.executable` before the command."""
        self._number += 1
        name = "-".join(part for part in command if not part.startswith("-")).replace("/", "_")
        log = self.settings.home.parent / f"{self._number}-{name[:60]}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*self.prefix, sys.executable, *command],
                env=self.environment | environment,
                stdout=out,
                stderr=out,
                preexec_fn=tie_to(os.getpid()),  # noqa: PLW1509 - two system calls
            )
        program = Program(name, process, log)
        self._programs.append(program)
        return program

    @property
    def environment(self) -> dict[str, str]:
        """The variables that mean these settings."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HIRESTREAM_")}
        models = {"HIRESTREAM_MODELS__ENABLED": str(self.settings.models.enabled)}
        return clean | variables(self.settings) | models | {"PYTHONPATH": str(PROJECT)}

    def start_receiver(self, **environment: str) -> Program:
        """The receiver, once it answers."""
        program = self.start("-m", "pipelines.cli", "receiver", **environment)
        wait_for(lambda: self._alive(program), READY_SECONDS, "the receiver")
        return program

    def start_loader(self, **environment: str) -> Program:
        """`hirestream stream`."""
        return self.start("-m", "pipelines.cli", "stream", **environment)

    def loaded(self, from_partition: int = 0) -> int:
        """Ledger rows of the partitions from this one on, 0 without a lake."""
        done = self.run("-m", "tests.chaos.verdict", "--count", str(from_partition))
        return int(done.stdout or 0)

    def run(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A command of the system to its end."""
        return subprocess.run(
            [*self.prefix, sys.executable, *command],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=SETTLE_SECONDS,
            check=False,
        )

    def metric(self, series: str) -> float:
        """A number that the receiver shows now."""
        return Receiver(self.settings.receiver.port, None, Path()).metric(series)  # type: ignore[arg-type]

    def drained(self) -> None:
        """Wait until the spool is empty; a receiver must run."""
        wait_for(lambda: self.metric("hirestream_spool_waiting") == 0, SETTLE_SECONDS, "an empty spool")

    def catch_up(self) -> "subprocess.CompletedProcess[str]":
        """Load everything that is on the topic, without models."""
        return self.run("-m", "tests.chaos.entries", "drain")

    def verdict(self) -> Mapping[str, Any]:
        """The audit and the ledger against what the client was answered."""
        file = self.settings.home.parent / "acknowledged.json"
        pairs = {delivery: body.decode("latin-1") for delivery, body in self.client.acknowledged.items()}
        file.write_text(json.dumps(pairs))
        done = self.run("-m", "tests.chaos.verdict", str(file))
        assert done.returncode == 0, done.stderr
        found: Mapping[str, Any] = json.loads(done.stdout)
        return found

    def answers(self) -> bool:
        """Return whether the receiver answers on a new connection."""
        try:
            return Receiver(self.settings.receiver.port, None, Path()).get("/healthz").status == 200  # type: ignore[arg-type]
        except (OSError, EOFError):
            return False

    def _alive(self, program: Program) -> bool:
        assert program.running, program.words()[-2_000:]
        return self.answers()


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again, for a bounded time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come in {seconds} s")
        time.sleep(0.1)
