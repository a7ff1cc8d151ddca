"""`hirestream up` as a person runs it: one at a time, ended cleanly, nothing left behind in any case."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pipelines.operate.needs import free_port

COMMAND = [sys.executable, "-m", "pipelines.cli", "up", "--no-dagster"]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """A home of its own, with its own broker."""
    ports = ("KAFKA__PORT", "KAFKA__CONTROLLER_PORT", "RECEIVER__PORT")
    return {
        **os.environ,
        **{f"HIRESTREAM_{name}": str(free_port()) for name in ports},
        "HIRESTREAM_HOME": str(tmp_path),
        "HIRESTREAM_SOURCES__POPP__PROVIDER": "popp",
        "HIRESTREAM_SOURCES__POPP__SECRETS": "k1:test-secret",
    }


@contextmanager
def up(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The running system, ready; killed when the block is left and it still runs."""
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until_up(process)
            yield process
        finally:
            process.kill()


def wait_until_up(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("hirestream is up"):
            return
    raise AssertionError("".join(said))


def running_below(process: subprocess.Popen[str]) -> list[psutil.Process]:
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
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(60) == 1
    assert f"receiver ended with {-signal.SIGKILL}" in said
    assert still_there(parts, 0) == []
