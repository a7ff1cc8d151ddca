"""The command line in this process and as a process, with the settings of a test as environment variables."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

from pipelines import cli
from pipelines.runtime.kafka.broker import RunningBroker
from tests.support.settings_for import SECRET, SECRET_KID, SettingsFor

Environment = Mapping[str, str]
Completed = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(kafka: RunningBroker, settings_for: SettingsFor) -> Environment:
    """The settings of the test as variables."""
    settings = settings_for()
    return {
        **os.environ,
        "HIRESTREAM_HOME": str(settings.home),
        "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HIRESTREAM_KAFKA__TOPIC": settings.kafka.topic,
        "HIRESTREAM_RECEIVER__PORT": str(settings.receiver.port),
        "HIRESTREAM_DAGSTER__PORT": str(settings.dagster.port),
        "HIRESTREAM_SOURCES__POPP__PROVIDER": "popp",
        "HIRESTREAM_SOURCES__POPP__SECRETS": f"{SECRET_KID}:{SECRET}",
    }


def run(environment: Environment, *arguments: str) -> Completed:
    """Run one command in this process, as `run_process` does in one of its own but four seconds faster."""
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # else they are closed by the command's own configuration
    try:
        with patch.dict(os.environ, environment, clear=True), redirect_stdout(out), redirect_stderr(err):
            code = cli.run(arguments)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    return Completed(arguments, code, out.getvalue(), err.getvalue())


def run_process(environment: Environment, *arguments: str, timeout_seconds: float = 120) -> Completed:
    """Run one command to its end, as a person does."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
    )


def complaint(done: Completed) -> str:
    """The one line that a failed command says."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("hirestream: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return lines[0]
