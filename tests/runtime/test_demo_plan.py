"""What a demo remembers, and whose secret it signs with."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.runtime.demo.plan import DemoPlan, demo_sources, load_plan, save_plan
from pipelines.settings import Settings

PLAN = DemoPlan(
    seed=1, journeys=10, until=datetime(2026, 6, 30, 12, tzinfo=UTC), legacy_day=date(2026, 6, 30)
)


def test_a_second_start_goes_on_with_the_first_plan(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert load_plan(settings, PLAN) == PLAN
    sent = DemoPlan(PLAN.seed, PLAN.journeys, PLAN.until, PLAN.legacy_day, sent=40)
    save_plan(settings, sent)
    later = DemoPlan(PLAN.seed, PLAN.journeys, datetime(2026, 7, 1, tzinfo=UTC), date(2026, 7, 1))
    assert load_plan(settings, later) == sent


def test_another_demo_in_the_same_home_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    load_plan(settings, PLAN)
    with pytest.raises(UsageError, match="--seed 1 --journeys 10"):
        load_plan(settings, DemoPlan(2, PLAN.journeys, PLAN.until, PLAN.legacy_day))


def test_a_home_with_real_data_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.warehouse.mkdir()
    with pytest.raises(UsageError, match="data of something else"):
        load_plan(settings, PLAN)


def test_the_secret_is_made_once_for_its_owner_only_and_replaces_other_sources(tmp_path: Path) -> None:
    others = {"HIRESTREAM_SOURCES__OTHER__SECRETS": "k:other", "PATH": "/bin"}
    settings, environment = demo_sources(Settings(home=tmp_path), others)
    file = tmp_path / "demo-secrets"
    assert file.stat().st_mode & 0o777 == 0o600
    before = settings.source_secrets()
    assert len(before["popp"]["demo"]) == 64
    assert demo_sources(Settings(home=tmp_path), others)[0].source_secrets() == before
    assert "HIRESTREAM_SOURCES__OTHER__SECRETS" not in environment
    assert environment["PATH"] == "/bin"
    assert environment["HIRESTREAM_SOURCES__POPP__SECRETS_FILE"] == str(file)
