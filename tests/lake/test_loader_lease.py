"""One loader at a time, and the lease of a killed one is free at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import LeaseHeld
from pipelines.lake.loader_lease import lease_holder, loader_lease

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lake.loader_lease import loader_lease
with loader_lease(Path(sys.argv[1]), "the other"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_loader_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        loader_lease(tmp_path, "first"),
        pytest.raises(LeaseHeld, match="first, process"),
        loader_lease(tmp_path, "b"),
    ):
        pass
    assert lease_holder(tmp_path) is None


def test_lease_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert (lease_holder(tmp_path) or "").startswith("the other, process")
        other.kill()
    with loader_lease(tmp_path, "next"):
        assert (lease_holder(tmp_path) or "").startswith("next")


def test_nobody_holds_what_does_not_exist(tmp_path: Path) -> None:
    assert lease_holder(tmp_path / "none") is None
