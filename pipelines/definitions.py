"""Dagster definitions: assets, checks and schedules from the topic to the report.

Loading this module requires neither a lake nor a broker.
"""

import dagster as dg

from pipelines.runtime.orchestration.asset_checks import load_checks
from pipelines.runtime.orchestration.dbt_assets import dbt_models
from pipelines.runtime.orchestration.ingest_asset import ingest_asset
from pipelines.runtime.orchestration.maintenance_asset import upkeep_asset
from pipelines.runtime.orchestration.output_assets import result_assets
from pipelines.runtime.orchestration.schedules import automation
from pipelines.runtime.orchestration.table_assets import topic_spec
from pipelines.settings import Settings

_quiet_console = dg.colored_console_logger.configured({"log_level": "INFO"})


def definitions(settings: Settings) -> dg.Definitions:
    """Return the Dagster definitions. Raises `HirestreamError` when dbt cannot parse the models."""
    ingest, models, checks = ingest_asset(settings), dbt_models(settings), load_checks(settings)
    results = result_assets(settings, models.keys)
    assets_and_checks = dg.Definitions(
        assets=[topic_spec(settings), ingest, models, *results, upkeep_asset(settings)],
        asset_checks=checks,
        executor=dg.in_process_executor,
        loggers={"console": _quiet_console},
    )
    return dg.Definitions.merge(assets_and_checks, automation(settings, ingest, models, checks))


defs = definitions(Settings.read())
