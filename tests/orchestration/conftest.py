"""A real Dagster instance in the test's folder, and messages as the receiver puts them on the topic."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from receiver.settings import PROJECT


@pytest.fixture
def dagster_home(tmp_path: Path) -> Path:
    """A DAGSTER_HOME with the settings that the project ships."""
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copyfile(PROJECT / "dagster_home" / "dagster.yaml", home / "dagster.yaml")
    return home


@pytest.fixture
def instance(dagster_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of that home, with its own storage on disk."""
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    with dg.DagsterInstance.from_config(str(dagster_home)) as opened:
        yield opened
