"""How commands end that nobody foresaw, and where there is no room to say so."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from pipelines.cli.exit_codes import exit_code_of


def ending(error: Exception) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_what_nobody_foresaw_is_no_failed_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(ending(OSError("a surprise"))) == 70
    said = capsys.readouterr().err
    assert said.startswith("hirestream: Traceback")
    assert said.endswith("OSError: a surprise\n")


def test_ctrl_c_needs_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(ending(typer.Abort())) == 130
    assert capsys.readouterr().err == ""


def test_a_full_disk_under_the_log_does_not_change_the_end() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pipelines.cli", "nonsense"]
        assert subprocess.run(command, stderr=full, timeout=60, check=False).returncode == 2
