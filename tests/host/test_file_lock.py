"""One holder at a time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import Unavailable
from pipelines.host.file_lock import FileLock, FolderLock, lock_holder


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    refused = pytest.raises(Unavailable, match=rf"it runs already \(process {os.getpid()}\)")
    with FolderLock(tmp_path / "lock", "it"), refused:
        FolderLock(tmp_path / "lock", "it", patience_seconds=0)
    FolderLock(tmp_path / "lock", "it", patience_seconds=0).release()


def test_a_child_that_was_handed_the_lock_keeps_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock", "it")
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command, pass_fds=[lock.fileno]) as child:
        lock.release()
        lock.release()
        with pytest.raises(Unavailable):
            FolderLock(tmp_path / "lock", "it", patience_seconds=0)
        child.kill()
    started = time.monotonic()
    FolderLock(tmp_path / "lock", "it").release()
    assert time.monotonic() - started < 1


def test_a_probe_names_the_holder_and_creates_no_file(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    assert lock_holder(file) is None
    assert not file.exists()
    with FileLock(file) as lock, FileLock(file) as other:
        assert lock_holder(file) is None
        assert lock.acquire(patience_seconds=0)
        assert lock_holder(file) == ""
        lock.write_name("me")
        assert lock_holder(file) == other.read_name() == "me"
        assert not other.acquire(patience_seconds=0)
        lock.release()
        assert other.acquire(patience_seconds=0)
