"""Dagster asset of lake maintenance, and jobs for retention and for the cleanup of Dagster's history."""

import datetime as dt
from typing import Any

import dagster as dg

from pipelines.admin.erasure.finalize import ErasureContext
from pipelines.admin.erasure.retention import run_retention
from pipelines.errors import HirestreamError, Unavailable
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.maintenance import maintain
from pipelines.runtime.orchestration.dbt_assets import WRITER_POOL
from pipelines.runtime.orchestration.dbt_translator import OWNERS
from pipelines.runtime.orchestration.history_retention import purge_runs, thin_reports
from pipelines.runtime.orchestration.table_assets import table_key
from pipelines.settings import Settings, SettingsError

UPKEEP = dg.AssetKey(["lake", "upkeep"])


def upkeep_asset(settings: Settings) -> dg.AssetsDefinition:
    """Asset of lake maintenance; as an asset, Dagster plots its file count, sizes and duration."""

    @dg.asset(
        key=UPKEEP,
        deps=[table_key("ledger.batches")],
        group_name="upkeep",
        kinds={"duckdb"},
        owners=OWNERS,
        pool=WRITER_POOL,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=15),
        description="Small files merged, old snapshots gone. Loads, builds and readers continue meanwhile.",
    )
    def upkeep() -> dg.MaterializeResult[Any]:
        if not catalog_file(settings.warehouse).exists():
            raise dg.Failure("there is no lake yet; the first load creates it", allow_retries=False)
        con = open_lake(settings.warehouse)
        try:
            done = maintain(con, settings.warehouse)
        except Unavailable as error:
            raise dg.Failure(str(error)) from error
        finally:
            con.close()
        return dg.MaterializeResult(
            metadata={
                "files": done.files,
                "data_bytes": done.data_bytes,
                "catalog_bytes": done.catalog_bytes,
                "snapshots": done.snapshots,
                "seconds": round(done.seconds, 3),
            }
        )

    return upkeep


@dg.op(description="Delete runs that ended days ago, and thin out what `hirestream stream` reported.")
def thin_history(context: dg.OpExecutionContext) -> None:
    """Delete old runs and superseded reports, so that DAGSTER_HOME stays small."""
    now = dt.datetime.now(dt.UTC)
    runs = purge_runs(context.instance, now)
    reports = thin_reports(context.instance, now)
    context.log.info("deleted %d runs and %d reported materializations", runs, reports)


def retention_job(settings: Settings) -> dg.JobDefinition:
    """Dagster job that redacts records older than the retention period of their source."""

    @dg.op(pool=WRITER_POOL, description="Redact what is too old: bodies, event rows, entities, files.")
    def redact_what_is_too_old(context: dg.OpExecutionContext) -> None:
        try:
            receipt = run_retention(settings, ErasureContext(f"Dagster run {context.run_id[:8]}"))
        except (HirestreamError, SettingsError) as error:
            raise dg.Failure(str(error), allow_retries=isinstance(error, Unavailable)) from error
        context.log.info("redacted %d records", receipt.records if receipt else 0)

    @dg.job(
        name="retention",
        executor_def=dg.in_process_executor,
        description="Personal data older than its source may keep is redacted; the numbers stay.",
    )
    def retention() -> None:
        redact_what_is_too_old()

    return retention


@dg.job(executor_def=dg.in_process_executor, description="Keeps Dagster's own storage small.")
def purge_history() -> None:
    """Dagster job that runs `thin_history`."""
    thin_history()
