"""Children start, are watched, and none is left behind, however the supervisor ends."""

import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from pipelines.errors import Unavailable
from pipelines.host.child_process import spawn
from pipelines.host.supervisor import ChildEnded, ExitInfo, Service, Supervisor, interruptible

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
WITH_GRANDCHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True); time.sleep(600)",
]


def gone(pid: int, within_seconds: float = 5) -> bool:
    """Return whether the process ends in time; a zombie has ended."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def wait_for_text(log: Path) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if log.exists() and (text := log.read_text().strip()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"nothing was written to {log}")


def test_leaving_stops_every_child_the_last_started_first(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        children = [spawn(name, FOREVER, tmp_path / f"{name}.log") for name in ("one", "two")]
        for child in children:
            supervisor.own(child)
    assert [child.process.returncode for child in children] == [-signal.SIGTERM] * 2


def test_what_does_not_listen_is_killed_in_bounded_time(tmp_path: Path) -> None:
    child = spawn("stubborn", STUBBORN, tmp_path / "stubborn.log")
    wait_for_text(child.log)
    started = time.monotonic()
    child.stop(timeout_seconds=0.3)
    assert child.process.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_children_of_children_go_too(tmp_path: Path) -> None:
    child = spawn("family", WITH_GRANDCHILD, tmp_path / "family.log")
    grandchild = int(wait_for_text(child.log))
    child.stop()
    assert gone(grandchild)


def test_a_child_that_ends_is_named_with_its_last_words(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("brief", [sys.executable, "-c", "print('out of paper'); exit(3)"]))
        with pytest.raises(ChildEnded, match=r"brief ended with 3.*\n.*out of paper"):
            supervisor.watch(10)


def test_the_others_go_on_without_one_that_may_end(tmp_path: Path) -> None:
    ends: list[ExitInfo] = []

    def ended(end: ExitInfo) -> bool:
        ends.append(end)
        return False

    keeper = spawn("keeper", FOREVER, tmp_path / "keeper.log")
    command = [sys.executable, "-c", "print('out of paper'); exit(3)"]
    with Supervisor(tmp_path) as supervisor:
        supervisor.own(keeper)
        supervisor.start(Service("brief", command, ready=lambda: False, ended=ended))
        supervisor.wait_ready()
        supervisor.watch(1)
        assert keeper.running
        assert [(end.name, end.exit_code, end.last_lines) for end in ends] == [("brief", 3, "out of paper")]
        keeper.process.kill()
        with pytest.raises(ChildEnded, match="keeper ended with -9"):
            supervisor.watch(10)


def test_one_that_may_end_takes_its_own_children_along(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("family", WITH_GRANDCHILD, ended=lambda _: False))
        grandchild = int(wait_for_text(tmp_path / "family.log"))
        psutil.Process(grandchild).parent().kill()  # type: ignore[union-attr]
        supervisor.watch(1)
        assert gone(grandchild)


def test_what_is_to_be_started_again_is_and_stops_with_the_others(tmp_path: Path) -> None:
    log = tmp_path / "family.log"
    times: list[float] = []

    def ended(end: ExitInfo) -> bool:
        assert end.exit_code == -signal.SIGKILL
        times.append(time.monotonic())
        return True

    def pids() -> list[int]:
        return [int(line) for line in log.read_text().split()] if log.exists() else []

    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("family", WITH_GRANDCHILD, ended=ended, restart_seconds=0.5))
        for number in range(1, 4):
            deadline = time.monotonic() + 20
            while len(pids()) < number:
                assert time.monotonic() < deadline
                supervisor.watch(0.1)
            if number < 3:
                psutil.Process(pids()[-1]).parent().kill()  # type: ignore[union-attr]
    assert [later - earlier >= 0.5 for earlier, later in pairwise(times)] == [True]
    assert all(gone(pid) for pid in pids())


def test_what_cannot_be_started_again_is_tried_later(tmp_path: Path) -> None:
    command, count = tmp_path / "command", tmp_path / "count"
    script = f"#!/bin/sh\necho >> {count}; rm {command}; exit 1\n"

    def write() -> None:
        command.write_text(script)
        command.chmod(0o755)

    write()
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("brief", [command], ended=lambda _: True, restart_seconds=0.2))
        supervisor.watch(1)
        write()
        supervisor.watch(1)
    assert count.read_text() == "\n\n"


def test_readiness_is_waited_for(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    command = [
        sys.executable,
        "-c",
        f"import pathlib, time; pathlib.Path({str(flag)!r}).touch(); time.sleep(600)",
    ]
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("flagging", command, ready=flag.exists))
        supervisor.wait_ready()
        assert flag.exists()


def test_not_ready_in_time_is_unavailable(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Service("slow", FOREVER, ready=lambda: False, ready_timeout_seconds=0.2))
        with pytest.raises(Unavailable, match=r"slow is not ready after 0\.2 s; see .*slow\.log"):
            supervisor.wait_ready()


def test_a_command_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(Unavailable, match="cannot be started"):
        supervisor.start(Service("none", [tmp_path / "none"]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_interrupt_as_ctrl_c_does(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_kill_9_of_the_supervisor_leaves_no_child(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom pipelines.host.child_process import spawn\n"
        f"child = spawn('orphan', {STUBBORN!r}, Path({str(tmp_path / 'orphan.log')!r}))\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        wait_for_text(tmp_path / "orphan.log")
        parent.kill()
    assert gone(orphan)


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.host.child_process.LOG_BYTES_KEPT", 3)
    log = tmp_path / "some.log"
    log.write_text("before")
    spawn("some", [sys.executable, "-c", "print('after')"], log).process.wait(10)
    assert (log.read_text(), log.with_name("some.log.1").read_text()) == ("after\n", "before")
