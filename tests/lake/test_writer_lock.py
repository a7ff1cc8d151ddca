"""Writers wait for each other, and nobody waits forever."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.lake import writer_lock as module
from pipelines.lake.writer_lock import WriterLock

TAKE = """
import sys
from pathlib import Path
from pipelines.lake.writer_lock import WriterLock
with WriterLock(Path(sys.argv[1])).acquired():
    print("taken", flush=True)
    sys.stdin.read()
"""


def test_the_next_writer_waits_until_the_turn_is_given(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        started = time.monotonic()
        threading.Timer(0.5, other.stdin.close).start()
        with WriterLock(tmp_path).acquired():
            assert time.monotonic() - started >= 0.5


def test_a_turn_kept_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SECONDS", 0.2)
    stuck = WriterLock(tmp_path)
    stuck.acquire()
    stuck.acquire()
    with WriterLock(tmp_path).acquired():
        pass
    stuck.release()
