"""Child processes that do not outlive their parent and that end in bounded time."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
TAIL_BYTES = 8192
KILLED_SECONDS = 30.0
LOG_BYTES_KEPT = 10 * 1024 * 1024

_prctl: Callable[..., int] | None = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """Started process with its name and the log file of its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Process id, which is the id of its process group too."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Return whether the process is still running."""
        return self.process.poll() is None

    def stop(self, timeout_seconds: float = 10) -> None:
        """Send SIGTERM to the process group, and SIGKILL after the process ended or the timeout passed."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(KILLED_SECONDS)

    def tail(self, lines: int = 10) -> str:
        """Return the last lines of the log."""
        return tail(self.log, lines)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS raises the second one for a group of zombies
            return


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
) -> ChildProcess:
    """Start `command` in a new process group with its output appended to `log`.

    A log above `LOG_BYTES_KEPT` is first renamed; one older file is kept. On Linux the kernel kills the
    process when the thread that started it ends for any reason. Raises `OSError` when it cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            process_group=0,
            pass_fds=keep_open,
            preexec_fn=tie_to(os.getpid()),  # noqa: PLW1509 - two system calls, nothing that could take a lock
        )
    return ChildProcess(name, process, log)


def tail(log: Path, lines: int) -> str:
    """Return the last lines of a log file; empty when the file does not exist."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = opened.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def tie_to(parent: int) -> Callable[[], None]:
    """Return a function for the child to call, after which Linux kills the child when its parent thread ends.

    `parent` is the process id of the parent.
    """

    def tie() -> None:
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before the line above
                os._exit(1)

    return tie
