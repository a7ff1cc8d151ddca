"""Building in this process: what is chosen, what is refused, and a loader that writes meanwhile."""

import threading
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from pipelines.errors import HirestreamError
from pipelines.settings import Settings
from pipelines.transform import builder, dbt_manifest
from pipelines.transform.builder import ModelBuilder
from pipelines.transform.model_selection import entities
from tests.support.lakes import empty_lake
from tests.support.models.journeys import PASSED, flow, talk
from tests.support.models.small_lake import NOW, SmallLake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    lake = SmallLake(tmp_path_factory.mktemp("build"))
    lake.build()
    assert lake.rows("SELECT count(*) AS n FROM wh.marts.members") == [{"n": 0}]
    lake.load([talk("started", "c", 1)])
    lake.build({"conversation_started"})
    return lake


def built(lake: SmallLake, touched: set[str]) -> set[str]:
    result = lake.builder.build(touched)
    assert not result.failures
    return {model.name for model in result.models}


def test_the_first_build_makes_all_models_and_later_ones_what_was_touched(lake: SmallLake) -> None:
    assert built(lake, set()) == set()
    assert built(lake, {"conversation_started"}) == {"conversations"}
    assert built(lake, {"conversation_needs_review"}) == {"conversations", "reviews"}
    assert built(lake, {"calendar_meeting_scheduled"}) == {"popp_bookings", "conversations"}
    assert built(lake, {"conversation_completed__screening_questions_outcome"}) == {"screening_answers"}
    assert built(lake, {"workflow_contact_resolution_skipped"}) == {"contacts"}
    assert built(lake, {"book__attendees"}) == {"orufy_bookings"}
    assert built(lake, {"generic"}) == {"orufy_bookings", "payments"}  # what has no contract may be theirs


def test_an_incremental_build_brings_the_marts_up_to_date(lake: SmallLake) -> None:
    counted = (
        "SELECT sum(population)::int AS n FROM wh.marts.screening_pass_rate_cohort WHERE metric = 'pass_rate'"
    )
    before = lake.rows(counted)[0]["n"]
    lake.build(lake.load([talk("completed", "late", 2, conversation_status=PASSED)]))
    after = lake.rows(counted)[0]["n"]
    assert after == before + 1


def test_a_build_now_and_then_gives_its_connection_back(
    lake: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "BUILDS_A_CONNECTION", 2)
    lake.builder._build_count = 0
    kept = []
    for _ in range(4):
        assert built(lake, {"conversation_started"}) == {"conversations"}
        kept.append(DuckDBConnectionManager._ENV is not None)
    assert kept == [True, False, True, False]


def test_a_loader_in_the_same_process_may_write_meanwhile(lake: SmallLake) -> None:
    stop = threading.Event()
    errors: list[Exception] = []

    def load() -> None:
        number = 0
        while not stop.wait(0.1):
            number += 1
            try:
                lake.load([flow("run_started", 1, key=f"run {number}", workflow_run_id=f"run {number}")])
            except Exception as error:  # noqa: BLE001  # whatever it is, the test must show it
                errors.append(error)
                return

    loader = threading.Thread(target=load)
    loader.start()
    try:
        for _ in range(3):
            lake.build({"workflow_run_started"})
    finally:
        stop.set()
        loader.join()
    assert not errors
    lake.build({"workflow_run_started"})
    (counts,) = lake.rows(
        "SELECT (SELECT count(*) FROM wh.entities.workflow_runs) AS runs, "
        "(SELECT count(*) FROM wh.events.workflow_run_started) AS events"
    )
    assert counts["runs"] == counts["events"] > 0


def test_a_column_that_a_table_lacks_is_built_anew(lake: SmallLake) -> None:
    lake.con.execute("ALTER TABLE wh.entities.contacts DROP COLUMN error_code")
    builder = ModelBuilder(lake.settings)
    assert not builder.build().failures
    assert lake.rows("SELECT count(error_code) AS n FROM wh.entities.contacts") == [{"n": 0}]


def test_a_model_that_fails_is_named_and_the_others_are_built(lake: SmallLake) -> None:
    lake.con.execute("ALTER TABLE wh.entities.contacts RENAME COLUMN reason TO something")
    result = lake.builder.build({"workflow_contact_resolved"})
    assert [run.name for run in result.failures] == ["contacts"]
    assert {run.name for run in result.models} == {"contacts", "workflow_runs"}
    lake.build(full_refresh=True)


def test_without_a_lake_nothing_is_created_and_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(HirestreamError, match="there is no lake"):
        ModelBuilder(Settings(home=tmp_path)).build()
    assert not (tmp_path / "warehouse" / "catalog.sqlite").exists()


def test_views_are_created_again_only_where_models_changed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    empty_lake(settings.warehouse).close()
    first = ModelBuilder(settings)
    assert {"stg_events", "conversations", "funnel"} <= {run.name for run in first.build().models}
    again = ModelBuilder(settings).build()
    assert {run.name for run in again.models} == set(entities(first._manifest))


@pytest.mark.parametrize("change", ["variables", "view"])
def test_other_variables_and_a_missing_view_create_the_views(tmp_path: Path, change: str) -> None:
    lake = SmallLake(tmp_path)
    lake.builder.build()
    if change == "view":
        lake.con.execute("DROP VIEW wh.marts.funnel")
    now = "2026-03-21T00:00:00Z" if change == "variables" else NOW
    again = ModelBuilder(lake.settings, now=now).build()
    assert {run.schema for run in again.models} == {"staging", "entities", "marts"}


def test_a_parsed_project_serves_every_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(dbt_manifest, "_manifests", {})
    SmallLake(tmp_path / "one").build()
    (stored,) = (tmp_path / "cache" / "hirestream" / "dbt").iterdir()
    written = stored.stat().st_mtime_ns
    dbt_manifest._manifests.clear()
    SmallLake(tmp_path / "two").build()
    assert stored.stat().st_mtime_ns == written
    dbt_manifest._manifests.clear()
    stored.write_bytes(b"damaged")
    SmallLake(tmp_path / "three").build()
    assert len(stored.read_bytes()) > len(b"damaged")
