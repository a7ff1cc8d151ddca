"""The sensor on the topic: asks for a load when something waits and nobody else loads."""

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg
import duckdb

from pipelines.errors import Unavailable
from pipelines.ingest.topic_admin import TopicInfo, topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.loader_lease import lease_holder
from pipelines.lake.offsets import by_partition, positions
from pipelines.settings import Settings

INTERVAL_SECONDS = 15
RETRY_AFTER_SECONDS = 600.0
"""From a failed load to the next: what stops one is most often for a person, and a run costs CPU seconds."""

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dataclass(frozen=True, slots=True)
class TopicLag:
    """Records that wait on the topic, and the end of each partition."""

    waiting: int
    ends: Mapping[int, int]


def lag_sensor(settings: Settings, job: str, step: str) -> dg.SensorDefinition:
    """Asks for runs of the job, in which the step named loads; every tick says what it did and why."""

    @dg.sensor(
        name="topic_lag",
        job_name=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts one load when records wait on the topic and hirestream stream is not running.",
    )
    def topic_lag(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if holder := lease_holder(settings.warehouse):
            return dg.SkipReason(f"{holder}, holds the load")
        if running := unfinished_run(context.instance, [job]):
            return dg.SkipReason(f"run {running[:8]} is on its way and loads all that waits")
        if failed := _failed_lately(context.instance, job, step):
            minutes = RETRY_AFTER_SECONDS / 60
            return dg.SkipReason(
                f"the load of run {failed[:8]} failed; the next starts {minutes:g} minutes later"
            )
        try:
            lag = measured_lag(settings)
        except Unavailable as error:
            return dg.SkipReason(str(error))
        if lag.waiting == 0:
            return dg.SkipReason("nothing waits on the topic")
        return dg.RunRequest(
            run_key=run_key(lag, dt.datetime.now(dt.UTC)), tags={"hirestream/waiting": str(lag.waiting)}
        )

    return topic_lag


def _failed_lately(instance: dg.DagsterInstance, job: str, step: str) -> str | None:
    """Id of the newest run of a job, where that step of it has failed not long ago."""
    found = instance.get_run_records(dg.RunsFilter(job_name=job), limit=1)
    if not found or found[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
        return None
    if (found[0].end_time or 0.0) <= time.time() - RETRY_AFTER_SECONDS:
        return None
    run_id = found[0].dagster_run.run_id
    states = [each.status for each in instance.get_run_step_stats(run_id, [step])]
    return run_id if any(state is not None and state.value == "FAILURE" for state in states) else None


def run_key(lag: TopicLag, now: dt.datetime) -> str:
    """One run for what the topic holds; when that run failed and nothing new came, another one later."""
    ends = ",".join(f"{partition}:{end}" for partition, end in sorted(lag.ends.items()))
    return f"{ends}@{now.timestamp() // RETRY_AFTER_SECONDS:.0f}"


def measured_lag(settings: Settings) -> TopicLag:
    """Lag of the lake behind the topic. Raises `Unavailable` without a broker or a topic."""
    topic = topic_info(settings.kafka)
    if topic is None:
        raise Unavailable(
            f"the topic {settings.kafka.topic} does not exist yet; the receiver's start makes it"
        )
    found = watermarks(settings.kafka, topic)
    here = _loaded(settings, topic)
    waiting = sum(max(marks.high - here.get(p, marks.low), 0) for p, marks in found.items())
    return TopicLag(waiting, {p: marks.high for p, marks in found.items()})


def _loaded(settings: Settings, topic: TopicInfo) -> Mapping[int, int]:
    if not catalog_file(settings.warehouse).exists():
        return {}
    try:
        with open_lake(settings.warehouse, read_only=True) as con:
            return by_partition(positions(con, topic.topic), topic.topic_id)
    except duckdb.CatalogException:  # a lake in the making
        return {}


def unfinished_run(instance: dg.DagsterInstance, jobs: Iterable[str]) -> str | None:
    """Id of a run of one of these jobs that waits or works, None where there is none."""
    for job in jobs:
        runs = instance.get_runs(filters=dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1)
        if runs:
            return runs[0].run_id
    return None
