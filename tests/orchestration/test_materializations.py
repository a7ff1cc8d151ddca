"""What the stream tells Dagster: thinned, added up, never in the way."""

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.load.loader import LoadResult
from pipelines.runtime.stream.dagster_reporter import PUBLISHED, NullReporter, ThrottledReporter, reporter
from pipelines.settings import Settings

STARTED = "events.conversation_started"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Heard:
    """Keeps what was reported; deaf on demand."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, Mapping[str, Any]]] = []
        self.deaf = False

    def __call__(self, name: str, metadata: Mapping[str, Any]) -> None:
        if self.deaf:
            raise OSError("no storage")
        self.reports.append((name, metadata))

    def of(self, name: str) -> list[Mapping[str, Any]]:
        return [metadata for reported, metadata in self.reports if reported == name]


def batch(batch_id: int, rows: int) -> LoadResult:
    at = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    return LoadResult(batch_id, at, rows, rows, 0, 0, {"conversation_started": rows}, {0: rows})


def no_rows(_names: Collection[str]) -> Mapping[str, int]:
    return {}


def test_an_asset_is_reported_once_a_minute_with_what_was_added_up() -> None:
    heard, clock = Heard(), Clock()
    thinned = ThrottledReporter(heard, no_rows, clock=clock)
    for second in range(121):
        clock.now = 1000.0 + second
        thinned.on_loaded(batch(second, 2))
        thinned.report_due()
    reports = heard.of(STARTED)
    assert [report["rows_loaded"] for report in reports] == [2, 120, 120]
    assert [report["batch_id"] for report in reports] == [0, 60, 120]


def test_nothing_is_reported_of_what_did_not_change() -> None:
    heard, clock = Heard(), Clock()
    thinned = ThrottledReporter(heard, no_rows, clock=clock)
    thinned.on_loaded(batch(1, 1))
    thinned.report_due()
    clock.now += 3600
    thinned.report_due()
    assert len(heard.of(STARTED)) == 1
    assert not heard.of("quarantine.records")


def test_what_waits_is_reported_at_the_end() -> None:
    heard, clock = Heard(), Clock()
    thinned = ThrottledReporter(heard, no_rows, clock=clock)
    thinned.on_loaded(batch(1, 1))
    thinned.report_due()
    thinned.on_loaded(batch(2, 3))
    thinned.report_due()
    thinned.report_due(now=True)
    assert [report["rows_loaded"] for report in heard.of(STARTED)] == [1, 3]


def test_what_cannot_be_told_is_told_later_and_complained_of_once(caplog: pytest.LogCaptureFixture) -> None:
    heard, clock = Heard(), Clock()
    thinned = ThrottledReporter(heard, no_rows, clock=clock)
    heard.deaf = True
    for number in range(3):
        thinned.on_loaded(batch(number, 1))
        thinned.report_due()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    heard.deaf = False
    thinned.report_due()
    assert [report["rows_loaded"] for report in heard.of(STARTED)] == [3]


def test_models_and_the_published_file_are_reported_too() -> None:
    heard = Heard()
    thinned = ThrottledReporter(heard, no_rows, clock=Clock())
    thinned.on_built(["entities.conversations", PUBLISHED])
    thinned.report_due()
    assert [name for name, _ in heard.reports] == ["entities.conversations", PUBLISHED]
    assert "rows_loaded" not in heard.of(PUBLISHED)[0]


def test_without_a_dagster_home_nobody_is_told(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for environment in ({}, {"DAGSTER_HOME": str(tmp_path / "none")}):
        silent = reporter(settings, environment)
        assert isinstance(silent, NullReporter)
        silent.on_loaded(batch(1, 1))
        silent.report_due(now=True)


def test_a_real_instance_has_the_materialization_with_the_rows_of_the_lake(
    tmp_path: Path, dagster_home: Path, instance: dg.DagsterInstance
) -> None:
    settings = Settings(home=tmp_path)
    with open_lake(settings.warehouse) as con:
        create_tables(con)
    told = reporter(settings, {"DAGSTER_HOME": str(dagster_home)})
    told.on_loaded(batch(7, 2))
    told.report_due()
    event = instance.get_latest_materialization_event(dg.AssetKey(["events", "conversation_started"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert metadata == {
        "made_by": "hirestream stream",
        "batch_id": 7,
        "dagster/row_count": 0,
        "rows_loaded": 2,
    }
