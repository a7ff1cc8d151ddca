"""The command line as a process, with the settings of a test as environment variables."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from pipelines.runtime.kafka.broker import RunningBroker
from tests.support.settings_for import SECRET, SECRET_KID, SettingsFor

Environment = Mapping[str, str]


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


def run(
    environment: Environment, *arguments: str, timeout_seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed command says."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("hirestream: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return lines[0]
