"""The job `load` from the topic to the published file, with real models, as the sensor would start it."""

import dagster as dg
import duckdb
import pytest

from pipelines.definitions import definitions
from pipelines.operate.orchestrate.results import PUBLISHED, REPORT
from pipelines.operate.orchestrate.schedules import DAILY, LOAD, MAINTAIN, PROOF
from pipelines.operate.orchestrate.upkeep import UPKEEP
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.lease import held_lease
from tests.conftest import SettingsFor
from tests.orchestration.messages import conversation, put, started

CONVERSATIONS = dg.AssetKey(["entities", "conversations"])
COHORT = dg.AssetKey(["marts", "screening_pass_rate_cohort"])
REMOVE_ONE = "DELETE FROM wh.ledger.deliveries WHERE rowid = (SELECT min(rowid) FROM wh.ledger.deliveries)"


def passed(number: int) -> bytes:
    return conversation(
        "CONVERSATION_COMPLETED",
        number,
        conversationStatus="COMPLETED_SCREENING_PASSED",
        scorecardTotalValue=80,
    )


def newest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, object]:
    event = instance.get_latest_materialization_event(key)
    assert event is not None, key
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


@pytest.mark.timeout(600)
def test_one_run_brings_webhooks_to_the_published_file(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [*(started(number) for number in range(4)), passed(0), passed(0)])
    defs = definitions(settings)
    jobs = {name: defs.resolve_job_def(name) for name in (LOAD, PROOF, MAINTAIN, DAILY)}

    loaded = jobs[LOAD].execute_in_process(instance=instance)
    assert loaded.success
    assert newest(instance, CONVERSATIONS)["dagster/row_count"] == 4
    assert newest(instance, COHORT)["dagster/row_count"] == 1
    checks = {(c.asset_key, c.check_name): c.passed for c in loaded.get_asset_check_evaluations()}
    assert all(checks.values())
    assert (COHORT, "parts_add_up") in checks
    with duckdb.connect(settings.published, read_only=True) as con:
        rates = con.sql("SELECT sum(numerator), sum(denominator) FROM marts.screening_pass_rate_cohort")
        assert rates.fetchall() == [(1, 1)]
    assert not list((settings.home / "dbt" / "runs").iterdir())

    assert jobs[DAILY].execute_in_process(instance=instance).success
    assert "<html" in (settings.reports / "latest.html").read_text().lower()
    assert newest(instance, REPORT)["page"]

    assert jobs[MAINTAIN].execute_in_process(instance=instance).success
    assert int(str(newest(instance, UPKEEP)["files"])) > 0

    published = settings.published.stat().st_mtime_ns
    with held_lease(settings.warehouse, "hirestream stream"):
        assert defs.resolve_job_def("build_models").execute_in_process(instance=instance).success
    assert settings.published.stat().st_mtime_ns == published
    assert newest(instance, PUBLISHED)["bytes"]

    with open_lake(settings.warehouse) as con:
        con.execute(REMOVE_ONE)
    proof = jobs[PROOF].execute_in_process(instance=instance, raise_on_error=False)
    assert {c.check_name: c.passed for c in proof.get_asset_check_evaluations()}["audit"] is False
    before = newest(instance, CONVERSATIONS)
    blocked = jobs[LOAD].execute_in_process(instance=instance, raise_on_error=False)
    assert not blocked.success
    assert not blocked.get_asset_materialization_events() or all(
        event.asset_key != CONVERSATIONS for event in blocked.get_asset_materialization_events()
    )
    assert newest(instance, CONVERSATIONS) == before
