"""Dagster sensor of the topic: requests a load when records wait and no other loader runs."""

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
"""Delay between a failed load and the next one.

Most failures need a person to act, and each run costs seconds of CPU time.
"""

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dataclass(frozen=True, slots=True)
class TopicLag:
    """Number of records that wait on the topic, and the end offset by partition."""

    waiting: int
    ends: Mapping[int, int]


def lag_sensor(settings: Settings, job: str, step: str) -> dg.SensorDefinition:
    """Sensor that requests runs of `job`, whose step `step` loads. A tick without a run gives its reason."""

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
        if failed := _recently_failed_run(context.instance, job, step):
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


def _recently_failed_run(instance: dg.DagsterInstance, job: str, step: str) -> str | None:
    """Id of the newest run of `job` if its `step` failed less than `RETRY_AFTER_SECONDS` ago, else None."""
    newest = instance.get_run_records(dg.RunsFilter(job_name=job), limit=1)
    if not newest or newest[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
        return None
    if (newest[0].end_time or 0.0) <= time.time() - RETRY_AFTER_SECONDS:
        return None
    run_id = newest[0].dagster_run.run_id
    states = [each.status for each in instance.get_run_step_stats(run_id, [step])]
    return run_id if any(state is not None and state.value == "FAILURE" for state in states) else None


def run_key(lag: TopicLag, now: dt.datetime) -> str:
    """Dagster run key for the end offsets of the topic: one run for each set of records.

    The key changes every `RETRY_AFTER_SECONDS`, so that a failed run is repeated without new records.
    """
    ends = ",".join(f"{partition}:{end}" for partition, end in sorted(lag.ends.items()))
    return f"{ends}@{now.timestamp() // RETRY_AFTER_SECONDS:.0f}"


def measured_lag(settings: Settings) -> TopicLag:
    """Measure the lag of the lake behind the topic. Raises `Unavailable` without a broker or a topic."""
    topic = topic_info(settings.kafka)
    if topic is None:
        raise Unavailable(
            f"the topic {settings.kafka.topic} does not exist yet; the receiver's start makes it"
        )
    marks_by_partition = watermarks(settings.kafka, topic)
    loaded_offsets = _loaded_offsets(settings, topic)
    waiting = sum(
        max(marks.high - loaded_offsets.get(p, marks.low), 0) for p, marks in marks_by_partition.items()
    )
    return TopicLag(waiting, {p: marks.high for p, marks in marks_by_partition.items()})


def _loaded_offsets(settings: Settings, topic: TopicInfo) -> Mapping[int, int]:
    if not catalog_file(settings.warehouse).exists():
        return {}
    try:
        with open_lake(settings.warehouse, read_only=True) as con:
            return by_partition(positions(con, topic.topic), topic.topic_id)
    except duckdb.CatalogException:  # another process is creating the lake
        return {}


def unfinished_run(instance: dg.DagsterInstance, jobs: Iterable[str]) -> str | None:
    """Id of a queued or running run of one of these jobs; None without one."""
    for job in jobs:
        runs = instance.get_runs(filters=dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1)
        if runs:
            return runs[0].run_id
    return None
