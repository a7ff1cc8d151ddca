"""The definitions load without lake, broker and sources, and show one lineage that begins at the topic."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.run_coordinator import QueuedRunCoordinator

from pipelines.definitions import definitions
from pipelines.errors import HirestreamError
from pipelines.lake.schema import all_tables
from pipelines.lake.schema_docs import described_tables
from pipelines.runtime.orchestration.maintenance_asset import UPKEEP
from pipelines.runtime.orchestration.output_assets import PUBLISHED, REPORT
from pipelines.runtime.orchestration.table_assets import table_key, topic_key
from pipelines.settings import Settings
from pipelines.transform.dbt_manifest import manifest_folder
from pipelines.transform.generated_sources import MODELS

LAYERS = ("staging", "entities", "marts")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def repository(settings: Settings) -> dg.RepositoryDefinition:
    return definitions(settings).get_repository_def()


@pytest.fixture(scope="module")
def graph(repository: dg.RepositoryDefinition) -> AssetGraph:
    return repository.asset_graph


def test_every_table_and_every_model_is_an_asset(graph: AssetGraph) -> None:
    tables = {table_key(name) for name, _ in all_tables()}
    models = {file.stem for layer in ("intermediate", *LAYERS) for file in (MODELS / layer).rglob("*.sql")}
    shown = graph.materializable_asset_keys
    assert tables <= shown
    assert {key.path[-1] for key in shown - tables - {PUBLISHED, REPORT, UPKEEP}} == models


def test_one_lineage_begins_at_the_topic(graph: AssetGraph, settings: Settings) -> None:
    reached, waiting = set(), [topic_key(settings)]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += graph.get(key).child_keys
    assert reached == graph.get_all_asset_keys()
    assert not graph.get(topic_key(settings)).parent_keys
    assert not graph.get(topic_key(settings)).is_materializable


def test_every_asset_says_what_it_is_and_whose(graph: AssetGraph) -> None:
    for node in graph.asset_nodes:
        assert node.description, node.key
        assert node.group_name not in (None, "default"), node.key
        assert node.owners, node.key
        assert node.kinds, node.key


def test_every_table_has_its_columns_described(graph: AssetGraph) -> None:
    layers = ("ledger", "quarantine", "events", *LAYERS)
    for node in graph.asset_nodes:
        if node.key.path[0] in layers:
            schema = node.metadata["dagster/column_schema"]
            assert schema.columns, node.key
            assert all(column.description for column in schema.columns), node.key
            assert node.metadata["dagster/table_name"] == "wh." + ".".join(node.key.path)


def test_described_tables_are_those_of_the_load() -> None:
    assert [(t.name, [c.name for c in t.columns]) for t in described_tables()] == [
        (name, list(columns)) for name, columns in all_tables()
    ]


def test_the_audit_blocks_and_the_tests_of_the_models_are_checks(graph: AssetGraph) -> None:
    ledger = table_key("ledger.deliveries")
    found = {key.name for key in graph.asset_check_keys if key.asset_key == ledger}
    assert {"audit", "event_keys_are_unique"} <= found
    assert graph.get(dg.AssetCheckKey(ledger, "audit")).blocking
    mart = dg.AssetKey(["marts", "scheduling_success_cohort"])
    assert {"parts_add_up", "not_null_day"} <= {k.name for k in graph.asset_check_keys if k.asset_key == mart}


def test_what_must_run_is_running_from_the_start(repository: dg.RepositoryDefinition) -> None:
    schedules = {s.name: s for s in repository.schedule_defs}
    assert set(schedules) == {
        "models_safety_net",
        "lake_upkeep",
        "report_of_the_day",
        "history_purge",
        "retention_of_the_day",
    }
    assert all(s.default_status is dg.DefaultScheduleStatus.RUNNING for s in schedules.values())
    (sensor,) = repository.sensor_defs
    assert (sensor.name, sensor.minimum_interval_seconds) == ("topic_lag", 15)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_the_hourly_build_audits_too(repository: dg.RepositoryDefinition) -> None:
    steps = {node.name for node in repository.get_job("build_models").nodes}
    assert steps == {
        "ledger__deliveries_audit",
        "ledger__deliveries_event_keys_are_unique",
        "quarantine__records_quarantine_share",
        "models",
        "published__warehouse_duckdb",
    }


def test_the_shipped_instance_settings_hold(instance: dg.DagsterInstance) -> None:
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert instance.run_monitoring_enabled
    coordinator = instance.run_coordinator
    assert isinstance(coordinator, QueuedRunCoordinator)
    assert coordinator.dequeue_interval_seconds == 1
    assert instance.get_concurrency_config().pool_config.default_pool_limit == 1


def test_every_writer_of_the_lake_waits_for_its_turn(repository: dg.RepositoryDefinition) -> None:
    writers = {"ingest", "models", "lake__upkeep", "redact_what_is_too_old"}
    pools = {node.name: node.definition.pools for job in repository.get_all_jobs() for node in job.nodes}
    assert all(pools[name] == {"warehouse_writer"} for name in writers)


def test_the_manifest_is_read_once_for_the_same_files(settings: Settings, graph: AssetGraph) -> None:
    folder = manifest_folder(settings)
    made = (folder / "manifest.json").stat().st_mtime_ns
    assert manifest_folder(settings) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == made


@pytest.fixture
def broken_models(tmp_path: Path) -> Path:
    copy = tmp_path / "models"
    shutil.copytree(MODELS, copy)
    (copy / "marts" / "broken.sql").write_text("SELECT 1 FROM {{ ref('nowhere') }}")
    return copy


def test_a_model_that_dbt_cannot_read_is_named(tmp_path: Path, broken_models: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(HirestreamError, match="nowhere"):
        manifest_folder(settings, broken_models)
    assert list((settings.home / "dbt" / "manifests").iterdir()) == []
