"""What every test can have: a real broker, and settings that point at it and at its own folder."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.host.preflight import free_port
from pipelines.runtime.kafka.broker import RunningBroker, start_broker
from pipelines.settings import Settings
from tests.support.browser import CHROMIUM
from tests.support.lake_fixtures import lake, make_loader
from tests.support.settings_for import SECRET, SECRET_KID, SettingsFor

__all__ = ["lake", "make_loader"]


UNIT = ("contracts", "decode", "flatten", "privacy", "simulate")
"""Folders of tests that need no service, save for those with a fixture that starts one."""

SERVICES = frozenset({"kafka", "settings_for", "traps", "simulated", "lake", "instance"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need neither broker, lake, Dagster, browser nor child process as `unit`."""
    for item in items:
        folder = Path(item.path).relative_to(Path(__file__).parent).parts[0]
        if folder in UNIT and not SERVICES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.unit)


def pytest_report_header() -> str:
    """Says it where pages are not opened in a browser."""
    return f"browser: {CHROMIUM or 'NONE, tests/reports/test_browser.py is left out; install chromium'}"


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable and no `hirestream.toml` of the developer reaches a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HIRESTREAM_")]:
            patch.delenv(name)
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")  # a broker that lives for minutes only
        patch.setenv("HIRESTREAM_HOME", str(tmp_path_factory.mktemp("no-home")))
        yield


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """One real broker for the session; tests share it and differ in their topic."""
    home = tmp_path_factory.mktemp("kafka")
    settings = Settings(home=home, kafka={"port": free_port(), "controller_port": free_port()})
    with start_broker(settings) as broker:
        yield broker


@pytest.fixture
def settings_for(kafka: RunningBroker, tmp_path: Path) -> SettingsFor:
    """`settings_for(**sections)`: the broker, a new topic, home in `tmp_path`, a source `popp` with a secret.

    A section is merged into these: `settings_for(kafka={"partitions": 2})`.
    """
    topic = f"test.{uuid.uuid4().hex}"

    def build(**sections: Any) -> Settings:
        values: dict[str, Any] = {
            "home": tmp_path,
            "kafka": {"bootstrap_servers": kafka.bootstrap_servers, "topic": topic},
            "receiver": {"port": free_port()},
            "sources": {"popp": {"provider": "popp", "secrets": f"{SECRET_KID}:{SECRET}"}},
            "dagster": {"port": free_port()},
        }
        for name, section in sections.items():
            known = values.get(name)
            values[name] = {**known, **section} if isinstance(known, dict) else section
        return Settings(**values)

    return build
