"""Dagster asset that loads the topic into the lake: one step with one output per table."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines.errors import HirestreamError, LeaseHeld, TopicMismatch, Unavailable
from pipelines.lake.catalog import row_counts
from pipelines.lake.connection import open_lake
from pipelines.load.catch_up import CatchUpResult, catch_up
from pipelines.load.loader import LoadResult
from pipelines.load.session import LoadPolicy
from pipelines.runtime.orchestration.dbt_assets import WRITER_POOL
from pipelines.runtime.orchestration.table_assets import table_specs
from pipelines.settings import Settings

Results = Iterator[dg.MaterializeResult[Any]]


class IngestChoices(dg.Config):
    """Dagster run config of the load: limits that an operator may override, as for `hirestream stream`."""

    accept_rejects: bool = False
    accept_loss: bool = False


def ingest_asset(settings: Settings) -> dg.AssetsDefinition:
    """Dagster multi-asset of the load. One transaction writes all tables, so a subset cannot be loaded."""

    @dg.multi_asset(
        name="ingest",
        specs=table_specs(settings),
        can_subset=False,
        pool=WRITER_POOL,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=10),  # the broker may be unreachable for a moment
    )
    def ingest(context: dg.AssetExecutionContext, config: IngestChoices) -> Results:
        """Load everything that is on the topic now, in several commits. Fails while another loader runs."""

        def log_batch(done: LoadResult) -> None:
            text = "batch %d: %d loaded, %d duplicate, %d quarantined"
            context.log.info(text, done.batch_id, done.loaded, done.duplicate, done.quarantined)

        holder = f"Dagster run {context.run.run_id[:8]}"
        try:
            done = catch_up(
                settings, holder, LoadPolicy(config.accept_rejects, config.accept_loss), log_batch
            )
        except HirestreamError as error:
            retryable = isinstance(error, Unavailable) and not isinstance(error, LeaseHeld | TopicMismatch)
            raise dg.Failure(f"{error}", allow_retries=retryable) from error
        yield from _results(settings, done)

    return ingest


def _results(settings: Settings, done: CatchUpResult) -> Results:
    specs = table_specs(settings)
    with open_lake(settings.warehouse, read_only=True) as con:
        counts = row_counts(con, [".".join(spec.key.path) for spec in specs])
    for spec in specs:
        name = ".".join(spec.key.path)
        yield dg.MaterializeResult(asset_key=spec.key, metadata=_metadata(name, done, counts[name]))


def _metadata(name: str, done: CatchUpResult, rows: int) -> Mapping[str, Any]:
    """Metadata of a materialization of table `name`. It holds counts only, no content of records."""
    metadata: dict[str, Any] = {"dagster/row_count": rows}
    if name in done.rows or name != "ledger.bodies":
        metadata["rows_loaded"] = done.rows.get(name, 0)
    if name == "ledger.deliveries":
        metadata |= {"commits": done.commits, **done.outcomes}
    return metadata
