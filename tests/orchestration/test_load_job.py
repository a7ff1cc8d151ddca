"""The job `load` from the topic to the published file, with real models, as the sensor would start it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import duckdb
import pytest

from pipelines.definitions import definitions
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import loader_lease
from pipelines.runtime.kafka.broker import RunningBroker
from pipelines.runtime.orchestration.maintenance_asset import UPKEEP
from pipelines.runtime.orchestration.output_assets import PUBLISHED, REPORT, result_assets
from pipelines.runtime.orchestration.schedules import DAILY, LOAD, MAINTAIN, PROOF
from pipelines.settings import Settings
from receiver.settings import PROJECT
from tests.support.dagster_messages import conversation, put, started

CONVERSATIONS = dg.AssetKey(["entities", "conversations"])
COHORT = dg.AssetKey(["marts", "screening_pass_rate_cohort"])
REMOVE_ONE = "DELETE FROM wh.ledger.deliveries WHERE rowid = (SELECT min(rowid) FROM wh.ledger.deliveries)"

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class System:
    """What one run of the job has left."""

    settings: Settings
    instance: dg.DagsterInstance
    defs: dg.Definitions
    loaded: dg.ExecuteInProcessResult

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        return self.defs.resolve_job_def(job).execute_in_process(instance=self.instance, raise_on_error=False)

    def newest(self, key: dg.AssetKey) -> dict[str, object]:
        """Metadata of the newest materialization."""
        event = self.instance.get_latest_materialization_event(key)
        assert event is not None, key
        assert event.asset_materialization is not None
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def passed(number: int) -> bytes:
    status = "COMPLETED_SCREENING_PASSED"
    return conversation("CONVERSATION_COMPLETED", number, conversationStatus=status, scorecardTotalValue=80)


@pytest.fixture(scope="module")
def system(kafka: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Four conversations, one of them passed and told twice, brought through the whole job once."""
    home = tmp_path_factory.mktemp("system")
    settings = Settings(
        home=home, kafka={"bootstrap_servers": kafka.bootstrap_servers, "topic": f"load-job.{home.name}"}
    )
    settings.dagster_home.mkdir()
    shutil.copyfile(PROJECT / "dagster_home" / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    put(settings, [*(started(number) for number in range(4)), passed(0), passed(0)])
    defs = definitions(settings)
    with (
        pytest.MonkeyPatch.context() as patch,
        dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance,
    ):
        patch.setenv("DAGSTER_HOME", str(settings.dagster_home))
        loaded = defs.resolve_job_def(LOAD).execute_in_process(instance=instance, raise_on_error=False)
        yield System(settings, instance, defs, loaded)


def test_one_run_brings_webhooks_to_marts_and_published_file(system: System) -> None:
    assert system.loaded.success
    assert system.newest(CONVERSATIONS)["dagster/row_count"] == 4
    assert system.newest(COHORT)["dagster/row_count"] == 6  # a cell a metric
    with duckdb.connect(system.settings.published, read_only=True) as con:
        rates = con.sql("FROM screening_pass_rate(basis := 'cohort') SELECT numerator, denominator")
        assert rates.fetchall() == [(1, 1)]
    assert not list((system.settings.home / "dbt" / "runs").iterdir())


def test_every_check_was_made_and_passed(system: System) -> None:
    made = {(c.asset_key, c.check_name): c.passed for c in system.loaded.get_asset_check_evaluations()}
    assert all(made.values())
    assert set(made) == {
        (key.asset_key, key.name) for key in system.defs.resolve_asset_graph().asset_check_keys
    }


def test_the_report_of_the_day_is_a_page(system: System) -> None:
    assert system.run(DAILY).success
    assert "<html" in (system.settings.reports / "latest.html").read_text("utf-8").lower()
    assert str(system.newest(REPORT)["page"]).endswith(".html")


def test_maintenance_shows_what_is_left(system: System) -> None:
    assert system.run(MAINTAIN).success
    assert set(system.newest(UPKEEP)) == {"files", "data_bytes", "catalog_bytes", "snapshots", "seconds"}


def test_nothing_is_published_while_the_stream_does_it(system: System) -> None:
    published, _ = result_assets(system.settings, [CONVERSATIONS])
    before = system.settings.published.stat().st_mtime_ns
    with loader_lease(system.settings.warehouse, "hirestream stream"):
        result = dg.materialize([published], instance=system.instance)
    assert result.success
    assert not result.get_asset_materialization_events()
    assert system.settings.published.stat().st_mtime_ns == before
    assert system.newest(PUBLISHED)["bytes"]


def test_a_broken_ledger_fails_the_proof_and_keeps_the_models_as_they_are(system: System) -> None:
    before = system.newest(CONVERSATIONS)
    with open_lake(system.settings.warehouse) as con:
        con.execute(REMOVE_ONE)
    proof = system.run(PROOF)
    assert {c.check_name: c.passed for c in proof.get_asset_check_evaluations()}["audit"] is False
    blocked = system.run(LOAD)
    assert not blocked.success
    assert "models" not in {event.step_key for event in blocked.all_events if event.is_step_start}
    assert system.newest(CONVERSATIONS) == before
