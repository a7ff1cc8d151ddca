"""Dagster jobs and schedules: loads, model builds, checks, lake maintenance, retention, report, history."""

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from pipelines.admin.erasure.retention import retention_limits
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.loader_lease import lease_holder
from pipelines.runtime.orchestration.maintenance_asset import UPKEEP, purge_history, retention_job
from pipelines.runtime.orchestration.output_assets import PUBLISHED, REPORT
from pipelines.runtime.orchestration.topic_sensor import lag_sensor, unfinished_run
from pipelines.runtime.stream.build_state import read_state
from pipelines.settings import Settings

LOAD, MODELS, PROOF, MAINTAIN, DAILY = "load", "build_models", "proof", "maintain_lake", "daily_report"
TESTED_EVERY, BUILT_EVERY = dt.timedelta(minutes=60), dt.timedelta(minutes=15)
_BUILDING = (MODELS, LOAD)
_RUNNING = dg.DefaultScheduleStatus.RUNNING


def automation(
    settings: Settings,
    ingest: dg.AssetsDefinition,
    models: dg.AssetsDefinition,
    checks: Iterable[dg.AssetChecksDefinition],
) -> dg.Definitions:
    """Dagster definitions of the jobs, the schedules and the topic sensor."""
    assets = dg.AssetSelection.assets
    jobs = {
        LOAD: (
            assets(*ingest.keys, *models.keys, PUBLISHED),
            "From the topic to the published file; the audit stands between load and models.",
        ),
        MODELS: (
            assets(*models.keys, PUBLISHED) | dg.AssetSelection.checks(*checks),
            "The audit, every model and every test of them, then the published file.",
        ),
        PROOF: (dg.AssetSelection.checks(*checks), "The audit and the other checks of the load."),
        MAINTAIN: (assets(UPKEEP), "Small files merged, old snapshots gone."),
        DAILY: (assets(REPORT), "The report of the day."),
    }
    defined = [
        dg.define_asset_job(name, selection, description=description)
        for name, (selection, description) in jobs.items()
    ]
    return dg.Definitions(
        jobs=[*defined, purge_history, retention_job(settings)],
        schedules=[
            _models_schedule(settings),
            _upkeep_schedule(settings),
            _retention_schedule(settings),
            *_plain_schedules(settings),
        ],
        sensors=[lag_sensor(settings, LOAD, ingest.op.name)],
    )


def _models_schedule(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="models_safety_net",
        job_name=MODELS,
        cron_schedule="*/5 * * * *",
        default_status=_RUNNING,
        description="Every test and check once an hour; models every 15 minutes where no stream builds them.",
    )
    def models_safety_net(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not _lake_exists(settings):
            return dg.SkipReason("there is no lake yet; the first load creates it")
        if running := unfinished_run(context.instance, _BUILDING):
            return dg.SkipReason(f"run {running[:8]} is on its way and builds the models")
        age = _time_since_last_build(context.instance, context.scheduled_execution_time)
        reason = no_build_needed(age, built_by_stream(settings))
        return dg.SkipReason(reason) if reason else dg.RunRequest()

    return models_safety_net


def no_build_needed(age: dt.timedelta | None, by_stream: str | None) -> str | None:
    """Reason to skip a Dagster build of the models now; None when a build is due.

    `age` is the time since Dagster's last build, None before the first. `by_stream` is the note of
    `built_by_stream`.
    """
    if age is None or age >= TESTED_EVERY:
        return None
    minutes = int(age.total_seconds() / 60)
    if by_stream:
        return f"{by_stream}; Dagster tested them {minutes} min ago"
    return f"built {minutes} min ago" if age < BUILT_EVERY else None


def built_by_stream(settings: Settings) -> str | None:
    """Note on the stream's last model build; None when no stream runs or its last build failed."""
    holder, state = lease_holder(settings.warehouse), read_state(settings.home)
    if holder is None or state is None or state.get("failed"):
        return None
    return f"{holder}, builds the models itself, last at {state['built_at']}"


def _time_since_last_build(instance: dg.DagsterInstance, now: dt.datetime) -> dt.timedelta | None:
    found = [instance.get_run_records(dg.RunsFilter(job_name=job), limit=1) for job in _BUILDING]
    newest = [records[0].create_timestamp for records in found if records]
    return now - max(newest) if newest else None


def _upkeep_schedule(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="lake_upkeep",
        job_name=MAINTAIN,
        cron_schedule="5-59/10 * * * *",
        default_status=_RUNNING,
        description="Keeps files and catalog small under a commit a second; readers notice nothing.",
    )
    def lake_upkeep() -> dg.RunRequest | dg.SkipReason:
        if not _lake_exists(settings):
            return dg.SkipReason("there is no lake yet; the first load creates it")
        return dg.RunRequest()

    return lake_upkeep


def _retention_schedule(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="retention_of_the_day",
        job_name="retention",
        cron_schedule="30 3 * * *",
        execution_timezone=settings.report.time_zone,
        default_status=_RUNNING,
        description="Redacts what is older than its source may keep; numbers stay.",
    )
    def retention_of_the_day() -> dg.RunRequest | dg.SkipReason:
        if not retention_limits(settings):
            return dg.SkipReason("no source has a limit; HIRESTREAM_SOURCES__<NAME>__RETENTION_DAYS sets one")
        if not _lake_exists(settings):
            return dg.SkipReason("there is no lake yet; the first load creates it")
        return dg.RunRequest()

    return retention_of_the_day


def _plain_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    times = {
        "report_of_the_day": (DAILY, "0 6 * * *", "At six in the report's time zone."),
        "history_purge": (purge_history.name, "7 * * * *", "Old runs and reports of Dagster."),
    }
    return [
        dg.ScheduleDefinition(
            name=name,
            job_name=job,
            cron_schedule=cron,
            execution_timezone=settings.report.time_zone,
            default_status=_RUNNING,
            description=description,
        )
        for name, (job, cron, description) in times.items()
    ]


def _lake_exists(settings: Settings) -> bool:
    return catalog_file(settings.warehouse).exists()
