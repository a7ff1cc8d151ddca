"""When Dagster starts something by itself, and the reasons it gives where it does not."""

import datetime as dt
import time
import uuid

import dagster as dg
import pytest

from pipelines.host.preflight import free_port
from pipelines.lake.loader_lease import loader_lease
from pipelines.load.catch_up import catch_up
from pipelines.load.session import LoadPolicy
from pipelines.runtime.orchestration import topic_sensor
from pipelines.runtime.orchestration.ingest_asset import ingest_asset
from pipelines.runtime.orchestration.schedules import LOAD, automation, built_by_stream, no_build_needed
from pipelines.runtime.orchestration.topic_sensor import TopicLag, lag_sensor, measured_lag, run_key
from pipelines.runtime.stream.build_state import write_state
from pipelines.settings import Settings
from tests.support.dagster_messages import put, started
from tests.support.settings_for import SettingsFor

QUARTER, HOUR = dt.datetime(2026, 11, 21, 12, 15, tzinfo=dt.UTC), dt.datetime(2026, 11, 21, 13, tzinfo=dt.UTC)

STEP = "ingest"


@dg.asset
def some_models() -> None:
    """Stands for the models where only the reasons matter."""


def tick(settings: Settings, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    with dg.build_sensor_context(instance=instance) as context:
        found = lag_sensor(settings, LOAD, STEP)(context)
    assert isinstance(found, dg.RunRequest | dg.SkipReason)
    return found


def test_the_sensor_asks_for_one_run_and_has_nothing_to_do_after_it(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1), started(2)])
    asked, again = tick(settings, instance), tick(settings, instance)
    assert isinstance(asked, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert asked.run_key == again.run_key
    assert asked.tags["hirestream/waiting"] == "2"
    catch_up(settings, "test", LoadPolicy(), lambda _done: None)
    assert tick(settings, instance) == dg.SkipReason("nothing waits on the topic")
    put(settings, [started(3)])
    assert measured_lag(settings).waiting == 1


def test_the_sensor_says_that_the_stream_holds_the_load(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1)])
    with loader_lease(settings.warehouse, "hirestream stream"):
        reason = tick(settings, instance)
    assert isinstance(reason, dg.SkipReason)
    assert reason.skip_message is not None
    assert reason.skip_message.startswith("hirestream stream, process ")
    assert reason.skip_message.endswith(", holds the load")


def test_the_sensor_skips_while_a_run_is_on_its_way(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    settings = settings_for()
    put(settings, [started(1)])
    run = dg.DagsterRun(job_name=LOAD, run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.STARTED)
    instance.run_storage.add_run(run)
    assert tick(settings, instance) == dg.SkipReason(
        f"run {run.run_id[:8]} is on its way and loads all that waits"
    )


@pytest.mark.parametrize(("step", "waits"), [(STEP, True), ("some_models", False)])
def test_the_sensor_waits_after_a_load_that_failed(
    settings_for: SettingsFor,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    *,
    waits: bool,
) -> None:
    @dg.op(name=step)
    def fails() -> None:
        raise dg.Failure("as told")

    settings = settings_for()
    put(settings, [started(1)])
    failed = dg.GraphDefinition(LOAD, node_defs=[fails]).execute_in_process(
        instance=instance, raise_on_error=False
    )
    found = tick(settings, instance)
    if waits:
        why = f"the load of run {failed.run_id[:8]} failed; the next starts 10 minutes later"
        assert found == dg.SkipReason(why)
        monkeypatch.setattr(topic_sensor, "RETRY_AFTER_SECONDS", 0.1)
        time.sleep(0.1)
        found = tick(settings, instance)
    assert isinstance(found, dg.RunRequest)


def test_the_sensor_says_that_there_is_no_topic(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    reason = tick(settings_for(), instance)
    assert isinstance(reason, dg.SkipReason)
    assert "does not exist yet" in str(reason.skip_message)


@pytest.mark.timeout(60)
def test_the_sensor_says_that_kafka_is_away(settings_for: SettingsFor, instance: dg.DagsterInstance) -> None:
    reason = tick(settings_for(kafka={"bootstrap_servers": f"127.0.0.1:{free_port()}"}), instance)
    assert isinstance(reason, dg.SkipReason)
    assert "does not serve topic" in str(reason.skip_message)


def test_the_run_key_is_the_end_of_the_topic_and_ten_minutes() -> None:
    found = TopicLag(3, {1: 4, 0: 9})
    assert run_key(found, QUARTER) == f"0:9,1:4@{QUARTER.timestamp() // 600:.0f}"
    assert run_key(found, QUARTER + dt.timedelta(minutes=4)) == run_key(found, QUARTER)
    assert run_key(found, QUARTER + dt.timedelta(minutes=10)) != run_key(found, QUARTER)


def test_the_stream_builds_while_it_holds_the_lease_and_its_last_build_went_well(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for()
    well = {"built_at": "2026-11-21T12:14:58+00:00", "failed": []}
    write_state(settings.home, well)
    assert built_by_stream(settings) is None
    with loader_lease(settings.warehouse, "hirestream stream"):
        assert "builds the models itself, last at 2026-11" in str(built_by_stream(settings))
        write_state(settings.home, {**well, "failed": ["conversations"]})
        assert built_by_stream(settings) is None


@pytest.mark.parametrize(
    ("minutes", "by_stream", "builds"),
    [
        (None, None, True),
        (None, "the stream builds", True),
        (14, None, False),
        (15, None, True),
        (59, "the stream builds", False),
        (60, "the stream builds", True),
    ],
)
def test_dagster_builds_where_the_stream_does_not_and_tests_once_an_hour(
    minutes: int | None, by_stream: str | None, builds: bool
) -> None:
    age = None if minutes is None else dt.timedelta(minutes=minutes)
    assert (no_build_needed(age, by_stream) is None) is builds


def test_the_safety_net_says_that_there_is_no_lake(
    settings_for: SettingsFor, instance: dg.DagsterInstance
) -> None:
    defs = automation(settings_for(), ingest_asset(settings_for()), some_models, [])
    schedule = next(s for s in defs.schedules or () if s.name == "models_safety_net")
    assert isinstance(schedule, dg.ScheduleDefinition)
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=HOUR) as context:
        assert schedule(context) == dg.SkipReason("there is no lake yet; the first load creates it")
