"""No room at the start: a process whose files cannot grow stands for a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables

SCRIPT = """
import resource, sys
from pathlib import Path
from pipelines.cli.exit_codes import exit_code_of
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import loader_lease

def start():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    warehouse = Path(sys.argv[1])
    with loader_lease(warehouse, "test"):
        open_lake(warehouse, read_only=sys.argv[2] == "reads").close()

sys.exit(exit_code_of(start))
"""


@pytest.mark.parametrize("mode", ["reads", "writes"])
def test_a_lake_that_cannot_be_opened_is_one_sentence(tmp_path: Path, mode: str) -> None:
    with open_lake(tmp_path) as lake:
        create_tables(lake)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "hirestream: the lake cannot be opened: its disk is full, or fails; free space\n"
    assert done.returncode == 3
