"""The receiver as a real process, and a raw socket to it."""

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver.settings import PREFIX, CoreSettings
from tests.support.settings_for import SECRET

PROGRAM = (
    "from receiver.settings import CoreSettings\n"
    "from receiver.server import serve\n"
    "serve(CoreSettings.read())\n"
)
COMMAND = (sys.executable, "-c", PROGRAM)
HIRESTREAM_RECEIVER = (sys.executable, "-m", "pipelines.cli", "receiver")
"""The same by the command line, which makes the topic too."""
ANSWER_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back until the connection closed or the answer was whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(json.loads(self.body)["error"]["code"])


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def connect(self) -> socket.socket:
        """A new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS)

    def exchange(self, request: bytes) -> Answer:
        """One request on a connection of its own."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def post(self, body: bytes, *, source: str = "popp", **headers: str) -> Answer:
        """A delivery, signed unless a signature is given."""
        return self.exchange(post(body, source=source, **headers))

    def get(self, path: str) -> Answer:
        """A page."""
        return self.exchange(f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode())

    def metric(self, series: str) -> float:
        """The value of one series, 0 when it is not there."""
        lines = (line.rpartition(" ") for line in self.get("/metrics").body.decode().splitlines())
        return next((float(value) for name, _, value in lines if name == series), 0.0)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


def signature(body: bytes) -> str:
    """What Popp would send, made without the code under test."""
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def post(body: bytes, *, source: str = "popp", **headers: str) -> bytes:
    """The bytes of a delivery."""
    named = {"host": "test", "content-length": str(len(body)), "x-signature": signature(body)}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST /webhooks/{source} HTTP/1.1\r\n{lines}\r\n".encode() + body


def read_answer(connection: socket.socket) -> Answer:
    """The next answer on a connection. Raises `EOFError` when it closes without one."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += _more(connection, 1)
    status, *lines = data.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body, length = b"", int(headers.get("content-length", 0))
    while len(body) < length:
        body += _more(connection, length - len(body))
    return Answer(int(status.split()[1]), headers, body)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that is there and does nothing, until the block is left.

    The signal alone is not enough: a thread that waits for a core may still answer one request.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: _threads_are_stopped(pid))
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _threads_are_stopped(pid: int) -> bool:
    try:
        states = [file.read_text().rpartition(")")[2] for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    except FileNotFoundError:  # one that has just ended
        return False
    return all(state.split()[0] == "T" for state in states)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def closed(connection: socket.socket) -> bool:
    """Return whether the other side ends the connection without another byte."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@contextmanager
def running(settings: CoreSettings, command: Sequence[str] = COMMAND) -> Iterator[Receiver]:
    """A receiver with these settings, ready to answer; it is killed at the end if it still runs."""
    settings.home.mkdir(parents=True, exist_ok=True)
    log = settings.home / "receiver.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment | variables(settings), stderr=out)
    receiver = Receiver(settings.receiver.port, process, log)
    try:
        _wait_until_alive(receiver)
        yield receiver
    finally:
        process.kill()
        process.wait()


def variables(settings: CoreSettings) -> dict[str, str]:
    """The environment that means these settings."""
    found = {f"{PREFIX}HOME": str(settings.home)}
    for section in ("kafka", "receiver", "held", "spool"):
        values: dict[str, Any] = getattr(settings, section).model_dump(exclude_unset=True)
        found |= {f"{PREFIX}{section}__{name}".upper(): str(value) for name, value in values.items()}
    for name, source in settings.sources.items():
        place = f"{PREFIX}SOURCES__{name}__".upper()
        secrets = source.secrets.get_secret_value() if source.secrets else ""
        found |= {f"{place}PROVIDER": source.provider, f"{place}SECRETS": secrets}
        found |= {f"{place}SCHEME": source.scheme} if source.scheme else {}
        found |= {f"{place}HOLD_UNVERIFIED": str(source.hold_unverified)}
    return found


def _wait_until_alive(receiver: Receiver) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if receiver.get("/healthz").status == 200:
                return
        except OSError:
            ended = receiver.process.poll() is not None
            assert not ended, receiver.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _more(connection: socket.socket, most: int) -> bytes:
    data = connection.recv(most)
    if not data:
        raise EOFError
    return data
