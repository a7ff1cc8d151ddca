"""The Dagster root: one lineage from the topic to the report. Needs neither a lake nor a broker to load."""

import dagster as dg

from pipelines.operate.orchestrate.catalogue import topic_spec
from pipelines.operate.orchestrate.checks import load_checks
from pipelines.operate.orchestrate.ingest import ingest_asset
from pipelines.operate.orchestrate.results import result_assets
from pipelines.operate.orchestrate.schedules import automation
from pipelines.operate.orchestrate.upkeep import upkeep_asset
from pipelines.settings import Settings
from pipelines.transform.assets import dbt_models

_quiet_console = dg.colored_console_logger.configured({"log_level": "INFO"})


def definitions(settings: Settings) -> dg.Definitions:
    """Everything that Dagster shows and runs. Raises `HirestreamError` where dbt cannot read the models."""
    ingest, models, checks = ingest_asset(settings), dbt_models(settings), load_checks(settings)
    results = result_assets(settings, models.keys)
    shown = dg.Definitions(
        assets=[topic_spec(settings), ingest, models, *results, upkeep_asset(settings)],
        asset_checks=checks,
        executor=dg.in_process_executor,
        loggers={"console": _quiet_console},
    )
    return dg.Definitions.merge(shown, automation(settings, ingest, models, checks))


defs = definitions(Settings.read())
