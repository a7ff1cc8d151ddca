"""Dagster assets at the end of the lineage: the published file and the daily report."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from pipelines.lake.loader_lease import lease_holder
from pipelines.reports.write_report import write_report
from pipelines.runtime.orchestration.dbt_translator import OWNERS
from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.published_file import PublishedFileWriter
from pipelines.settings import Settings

PUBLISHED = dg.AssetKey(["published", "warehouse_duckdb"])
REPORT = dg.AssetKey(["reports", "daily_report"])
_LAYERS = ("entities", "marts")


def result_assets(settings: Settings, models: Iterable[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """Assets of the published file and the report, which depend on the entities and marts in `models`."""
    results = sorted(key for key in models if key.path[0] in _LAYERS)
    return [_published_file_asset(settings, results), _report_asset(settings, results)]


def _published_file_asset(settings: Settings, models: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=PUBLISHED,
        deps=models,
        group_name="results",
        kinds={"duckdb", "file"},
        owners=OWNERS,
        output_required=False,
        description="Entities and marts as one plain DuckDB file for every other tool, replaced as a whole.",
        metadata={"path": dg.MetadataValue.path(str(settings.published))},
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        if holder := lease_holder(settings.warehouse):
            context.log.info("%s holds the load and publishes by itself after each build", holder)
            return
        PublishedFileWriter(settings).publish_if_due(now=True)
        yield dg.MaterializeResult(metadata={"bytes": settings.published.stat().st_size})

    return published


def _report_asset(settings: Settings, models: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=REPORT,
        deps=[key for key in models if key.path[0] == "marts"],
        group_name="results",
        kinds={"html", "file"},
        owners=OWNERS,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=60),
        freshness_policy=dg.FreshnessPolicy.time_window(dt.timedelta(hours=49), dt.timedelta(hours=26)),
        description="The four questions with their parts and charts on one self-contained HTML page.",
    )
    def daily_report() -> dg.MaterializeResult[Any]:
        con = open_for_reading(settings)
        try:
            page = write_report(settings, con, dt.datetime.now(dt.UTC))
        finally:
            con.close()
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(str(page)),
                "open": dg.MetadataValue.url(page.as_uri()),
                "bytes": page.stat().st_size,
            }
        )

    return daily_report
