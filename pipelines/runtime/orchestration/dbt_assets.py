"""Dagster assets of the dbt project: one asset per model and one check per test. dbt builds them."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets
from packaging.version import Version

from pipelines.lake.catalog import column_types, row_counts
from pipelines.lake.connection import open_lake
from pipelines.runtime.orchestration.dbt_translator import Translator, with_short_names
from pipelines.settings import Settings
from pipelines.transform.builder import build_lock
from pipelines.transform.dbt_manifest import PARTIAL_PARSE, manifest_folder, model_variables
from pipelines.transform.generated_sources import MODELS

WRITER_POOL = "warehouse_writer"
"""Dagster pool of the assets that write to the lake; they run one at a time."""
_COUNTED_SCHEMAS = ("entities", "marts")


def dbt_models(settings: Settings) -> dg.AssetsDefinition:
    """Dagster assets of the dbt models, with tests. Raises `HirestreamError` when dbt cannot parse them."""
    folder = manifest_folder(settings)

    @dbt_assets(
        manifest=with_short_names(json.loads((folder / "manifest.json").read_bytes())),
        name="models",
        dagster_dbt_translator=Translator(column_types(settings.warehouse)),
        pool=WRITER_POOL,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),  # another writer held the catalog for too long
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        target = settings.home / "dbt" / "runs" / context.run.run_id
        target.mkdir(parents=True, exist_ok=True)
        try:
            with suppress(FileNotFoundError):  # a newer parse replaced the file; dbt parses by itself
                shutil.copyfile(folder / PARTIAL_PARSE, target / PARTIAL_PARSE)
            with build_lock(settings.warehouse):
                yield from _build(settings, context, target)
        finally:
            shutil.rmtree(target, ignore_errors=True)

    return models


def _build(settings: Settings, context: dg.AssetExecutionContext, target: Path) -> Iterator[Any]:
    """Run `dbt build` and yield its Dagster events, with the row count added to each built entity or mart."""
    arguments = ["build", "--vars", json.dumps(model_variables(settings))]
    events = _dbt_resource().cli(arguments, context=context, target_path=target).stream()
    with open_lake(settings.warehouse, read_only=True) as con:
        for event in events:
            if isinstance(event, dg.Output):
                schema, name = context.asset_key_for_output(event.output_name).path
                rows = row_counts(con, [f"{schema}.{name}"] if schema in _COUNTED_SCHEMAS else [])
                row_count = {"dagster/row_count": count for count in rows.values()}  # noqa: B035 - one or none
                yield event.with_metadata({**event.metadata, **row_count})
            else:
                yield event


class LeanDbt(DbtCliResource):
    """dbt resource of Dagster that only runs the dbt process.

    dagster-dbt also starts a process to read the dbt version and opens a dbt adapter for `fetch_row_counts`
    and similar. Both took 12 s of a build of 45 s and are not used here. Remove this class when dagster-dbt
    makes them optional.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002 - signature of dagster-dbt
        return None


def _dbt_resource() -> DbtCliResource:
    """dbt resource that runs the `dbt` executable next to this Python interpreter, else the one on PATH."""
    executable = Path(sys.executable).with_name("dbt")
    return LeanDbt(
        project_dir=str(MODELS),
        profiles_dir=str(MODELS),
        dbt_executable=str(executable) if executable.exists() else "dbt",
        global_config_flags=["--no-use-colors"],
    )
