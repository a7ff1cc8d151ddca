"""`hirestream up` as a person runs it: one at a time, ended cleanly, nothing left behind in any case."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipelines.host.preflight import free_port
from pipelines.host.supervisor import RESTART_SECONDS, ExitInfo
from pipelines.runtime.up_command import loader_exit_callback
from pipelines.settings import Settings
from tests.support.running import Receiver

HIRESTREAM = [sys.executable, "-m", "pipelines.cli"]
COMMAND = [*HIRESTREAM, "up", "--no-dagster"]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """A home of its own, with its own broker."""
    ports = ("KAFKA__PORT", "KAFKA__CONTROLLER_PORT", "RECEIVER__PORT")
    return {
        **os.environ,
        **{f"HIRESTREAM_{name}": str(free_port()) for name in ports},
        "HIRESTREAM_HOME": str(tmp_path),
        "HIRESTREAM_MODELS__ENABLED": "false",
        "HIRESTREAM_SOURCES__POPP__PROVIDER": "popp",
        "HIRESTREAM_SOURCES__POPP__SECRETS": "k1:test-secret",
    }


@contextmanager
def up(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The running system, ready; killed when the block is left and it still runs."""
    with said_file(environment).open("wb") as said:
        process = subprocess.Popen(COMMAND, env=environment, stderr=said)
    with process:
        try:
            wait_until_said(environment, process, "hirestream is up")
            yield process
        finally:
            process.kill()


def said_file(environment: Mapping[str, str]) -> Path:
    return Path(environment["HIRESTREAM_HOME"]) / "said"


def wait_until_said(environment: Mapping[str, str], process: subprocess.Popen[bytes], words: str) -> str:
    """All that it has said, once these words are among it."""
    deadline = time.monotonic() + 90
    while words not in (said := said_file(environment).read_text()):
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return said


def by_hand(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command next to it, by somebody who knows the home folder."""
    command = [*HIRESTREAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def running_below(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def still_there(processes: list[psutil.Process], within_seconds: float = 10) -> list[psutil.Process]:
    """Those that have not ended in time."""
    return psutil.wait_procs(processes, timeout=within_seconds)[1]


def test_ctrl_c_stops_everything_and_a_second_one_is_refused_meanwhile(
    environment: Mapping[str, str],
) -> None:
    with up(environment) as process:
        parts = running_below(process)
        assert len(parts) == 3  # broker, receiver, loader
        second = subprocess.run(
            COMMAND, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 3
        assert "runs already" in second.stderr
        assert all(part.is_running() for part in parts)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert still_there(parts, 0) == []


def test_kill_9_leaves_no_process_and_the_next_start_goes_on(environment: Mapping[str, str]) -> None:
    with up(environment) as process:
        parts = running_below(process)
        process.kill()
        assert still_there(parts) == []
    with up(environment) as process:
        assert len(running_below(process)) == 3


def test_a_part_that_dies_ends_it_and_is_named(environment: Mapping[str, str]) -> None:
    with up(environment) as process:
        parts = running_below(process)
        receiver = next(part for part in parts if part.cmdline()[-1] == "receiver")
        receiver.kill()
        assert process.wait(60) == 1
    assert f"receiver ended with {-signal.SIGKILL}" in said_file(environment).read_text()
    assert still_there(parts, 0) == []


def test_a_load_that_pauses_leaves_the_receiver_up_until_a_person_comes(
    environment: Mapping[str, str],
) -> None:
    environment = {**environment, "HIRESTREAM_LOAD__REJECT_MINIMUM": "3"}
    receiver = Receiver(int(environment["HIRESTREAM_RECEIVER__PORT"]), None, Path())  # type: ignore[arg-type]
    bodies = (b"{%d" % number for number in range(99))  # nobody can decode them
    with up(environment) as process:
        assert [receiver.post(next(bodies)).status for _ in range(5)] == [200] * 5
        said = wait_until_said(environment, process, "The other parts continue")
        assert "stream ended with 1" in said
        assert "`hirestream stream --accept-rejects`" in said
        assert_takes(receiver, process, next(bodies))
        assert_takes(receiver, process, next(bodies))
        assert by_hand(environment, "stream", "--until-caught-up").returncode == 1  # the limit still holds
        done = by_hand(environment, "stream", "--accept-rejects", "--until-caught-up")
        assert done.returncode == 0, done.stderr
        ledger = json.loads(by_hand(environment, "status", "--json").stdout)["ledger"]
        assert (ledger["records"], ledger["quarantined"]) == (7, 7)
        parts = running_below(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert still_there(parts, 0) == []
    assert said_file(environment).read_text().count("stream ended") == 1


def assert_takes(receiver: Receiver, process: subprocess.Popen[bytes], body: bytes) -> None:
    """Broker and receiver are there without the loader, and what comes in goes to the topic."""
    assert len(running_below(process)) == 2
    assert receiver.get("/readyz").status == 200
    assert receiver.post(body).status == 200
    assert receiver.metric("hirestream_spool_waiting") == 0


def test_a_killed_loader_is_said_and_started_again(environment: Mapping[str, str]) -> None:
    with up(environment) as process:
        loader = next(part for part in running_below(process) if part.cmdline()[-1] == "stream")
        loader.kill()
        said = wait_until_said(environment, process, f"started again every {RESTART_SECONDS:g} s")
        assert f"stream ended with {-signal.SIGKILL}" in said
        deadline = time.monotonic() + RESTART_SECONDS + 30
        while len(running_below(process)) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("exit_code", "again"),
    [(0, False), (1, False), (2, False), (3, True), (-signal.SIGKILL, True), (-signal.SIGSEGV, True)],
)
def test_the_same_end_of_the_loader_is_said_once_and_only_some_pass_by_themselves(
    tmp_path: Path, exit_code: int, again: bool
) -> None:
    said: list[str] = []
    ended = loader_exit_callback(Settings(home=tmp_path), said.append)
    first = ExitInfo("stream", exit_code, 5.0, tmp_path / "stream.log", "before\nwhy")
    later = replace(first, last_lines="other\nwhy")
    for end, count in (
        (first, 1),
        (later, 1),
        (replace(later, ran_seconds=600.0), 2),  # it was well meanwhile
        (replace(later, last_lines="another reason"), 3),
    ):
        assert ended(end) is again
        assert len(said) == count
    assert all(("started again" in text) is again for text in said)
    assert f"`HIRESTREAM_HOME={tmp_path} hirestream stream`" in said[0]


def test_a_stderr_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ended = loader_exit_callback(Settings(home=tmp_path), full)
    assert not ended(ExitInfo("stream", 1, 5.0, tmp_path / "stream.log", "why"))
