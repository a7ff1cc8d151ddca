"""The load as a Dagster run: the same load, its numbers in Dagster, its proof as checks."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import loader_lease
from pipelines.runtime.orchestration.asset_checks import load_checks, share_result, uniqueness_result
from pipelines.runtime.orchestration.ingest_asset import ingest_asset
from pipelines.runtime.orchestration.table_assets import LEDGER, QUARANTINE, table_key
from pipelines.settings import Settings
from tests.support.dagster_messages import BROKEN, put, started
from tests.support.settings_for import SettingsFor

STARTED = table_key("events.conversation_started")


def run(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [ingest_asset(settings), *load_checks(settings)], instance=instance, raise_on_error=False
    )


def metadata(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> Mapping[str, Any]:
    (found,) = [m for m in result.asset_materializations_for_node("ingest") if m.asset_key == key]
    return {name: value.value for name, value in found.metadata.items()}


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_a_run_loads_all_that_waits_and_shows_its_numbers(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1), started(2), started(2), BROKEN])
    result = run(settings, instance)
    assert result.success
    assert metadata(result, STARTED) == {"dagster/row_count": 2, "rows_loaded": 2}
    ledger = metadata(result, LEDGER)
    assert (ledger["loaded"], ledger["duplicate"], ledger["quarantined"]) == (2, 1, 1)
    assert metadata(result, QUARANTINE) == {"dagster/row_count": 1, "rows_loaded": 1}
    with open_lake(settings.warehouse, read_only=True) as con:
        assert con.sql(
            "SELECT conversation_id FROM wh.events.conversation_started ORDER BY 1"
        ).fetchall() == [
            ("c-1",),
            ("c-2",),
        ]
    assert verdicts(result) == {"audit": True, "event_keys_are_unique": True, "quarantine_share": False}


def test_the_next_run_goes_on_where_the_last_one_ended(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1)])
    assert run(settings, instance).success
    put(settings, [started(2)])
    assert metadata(run(settings, instance), STARTED) == {"dagster/row_count": 2, "rows_loaded": 1}
    assert metadata(run(settings, instance), STARTED) == {"dagster/row_count": 2, "rows_loaded": 0}


def test_the_audit_fails_when_a_ledger_row_is_gone(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(number) for number in range(5)])
    assert run(settings, instance).success
    with open_lake(settings.warehouse) as con:
        con.execute(
            "DELETE FROM wh.ledger.deliveries WHERE rowid = (SELECT min(rowid) FROM wh.ledger.deliveries)"
        )
    result = run(settings, instance)
    assert verdicts(result)["audit"] is False
    (audit,) = [c for c in result.get_asset_check_evaluations() if c.check_name == "audit"]
    assert audit.severity is dg.AssetCheckSeverity.ERROR
    assert audit.metadata["findings"].value


def test_a_run_beside_another_loader_fails_and_names_it(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1)])
    with loader_lease(settings.warehouse, "hirestream stream"):
        result = run(settings, instance)
    assert not result.success
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert "the load is held by hirestream stream, process" in str(failure.step_failure_data.error)
    assert not result.filter_events(lambda event: event.is_step_restarted or event.is_step_up_for_retry)


@pytest.mark.parametrize(("repeated", "passed"), [(0, True), (1, False)])
def test_one_key_loaded_twice_fails_the_check(repeated: int, passed: bool) -> None:
    assert uniqueness_result((10, repeated)).passed is passed


@pytest.mark.parametrize(("quarantined", "passed"), [(0, True), (9, True), (10, False), (1000, False)])
def test_the_share_of_quarantine_only_warns(quarantined: int, passed: bool) -> None:
    result = share_result((1000, quarantined))
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_an_empty_ledger_has_no_share_and_no_doubles() -> None:
    assert share_result((0, 0)).passed
    assert uniqueness_result((0, 0)).passed
