"""Jobs and when they run: the safety net for models, the proof, upkeep, the report, Dagster's own history."""

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from pipelines.operate.orchestrate.lag import lag_sensor
from pipelines.operate.orchestrate.results import PUBLISHED, REPORT
from pipelines.operate.orchestrate.upkeep import UPKEEP, purge_history
from pipelines.operate.state import read_state
from pipelines.settings import Settings
from pipelines.warehouse.lease import lease_holder

LOAD, MODELS, PROOF, MAINTAIN, DAILY = "load", "build_models", "proof", "maintain_lake", "daily_report"
_RUNNING = dg.DefaultScheduleStatus.RUNNING


def automation(
    settings: Settings,
    ingest: dg.AssetsDefinition,
    models: dg.AssetsDefinition,
    checks: Iterable[dg.AssetChecksDefinition],
) -> dg.Definitions:
    """Jobs, schedules and the sensor."""
    assets = dg.AssetSelection.assets
    jobs = {
        LOAD: (
            assets(*ingest.keys, *models.keys, PUBLISHED),
            "From the topic to the published file; the audit stands between load and models.",
        ),
        MODELS: (
            assets(*models.keys, PUBLISHED),
            "Every model and every test of them, then the published file.",
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
        jobs=[*defined, purge_history],
        schedules=[_safety_net(settings), _upkeep(settings), *_simple(settings)],
        sensors=[lag_sensor(settings, LOAD)],
    )


def _safety_net(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="models_safety_net",
        job_name=MODELS,
        cron_schedule="*/15 * * * *",
        default_status=_RUNNING,
        description="On the hour always, tests included; in between only when nobody else builds the models.",
    )
    def models_safety_net(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not _lake(settings):
            return dg.SkipReason("there is no lake yet; the first load creates it")
        reason = built_elsewhere(settings, context.scheduled_execution_time)
        return dg.SkipReason(reason) if reason else dg.RunRequest()

    return models_safety_net


def built_elsewhere(settings: Settings, now: dt.datetime) -> str | None:
    """Why no build is needed now: the stream builds and its last build went well. None on the hour."""
    holder, state = lease_holder(settings.warehouse), read_state(settings.home)
    if now.minute == 0 or holder is None or state is None or state.get("failed"):
        return None
    return f"{holder}, builds the models itself, last at {state['built_at']}"


def _upkeep(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="lake_upkeep",
        job_name=MAINTAIN,
        cron_schedule="5-59/10 * * * *",
        default_status=_RUNNING,
        description="Keeps files and catalog small under a commit a second; readers notice nothing.",
    )
    def lake_upkeep() -> dg.RunRequest | dg.SkipReason:
        if not _lake(settings):
            return dg.SkipReason("there is no lake yet; the first load creates it")
        return dg.RunRequest()

    return lake_upkeep


def _simple(settings: Settings) -> list[dg.ScheduleDefinition]:
    times = {
        "proof_of_the_load": (PROOF, "30 * * * *", "The audit, once an hour."),
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


def _lake(settings: Settings) -> bool:
    return (settings.warehouse / "catalog.sqlite").exists()
