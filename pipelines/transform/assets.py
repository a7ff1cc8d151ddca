"""The dbt project as Dagster assets and checks: one asset a model, one check a test, named for people."""

import datetime as dt
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from pipelines.settings import Settings
from pipelines.transform.build import building
from pipelines.transform.manifest import PARTIAL_PARSE, manifest_folder, model_variables
from pipelines.transform.sources import MODELS
from pipelines.warehouse.counts import column_types, row_counts
from pipelines.warehouse.lake import open_lake

OWNERS = ["team:recruiting-data"]
WRITER_POOL = "warehouse_writer"
"""Dagster's writers of the lake go through this pool one by one."""
BUILT_HOURLY = dg.FreshnessPolicy.time_window(dt.timedelta(hours=2), dt.timedelta(minutes=90))
"""The stream builds within seconds of an event; without events the schedule still builds once an hour."""
_COUNTED = ("entities", "marts")


class Translator(DagsterDbtTranslator):
    """Models by schema and name; tests by what they say of which column."""

    def __init__(self, types: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_source_tests_as_checks=True,
                enable_dbt_views_as_virtual_assets=True,  # a view is never older than what it reads
            )
        )
        self._types = types

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`marts/funnel` and the like; sources name their key themselves."""
        if dbt_resource_props["resource_type"] != "model":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer."""
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the YAML says, without the SQL, which dbt's files show better."""
        return str(dbt_resource_props["description"])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """The default with owners, freshness, and columns with the types that the lake has."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] != "model":
            return spec
        return spec.replace_attributes(
            owners=OWNERS,
            tags={**spec.tags, "layer": props["schema"]},
            metadata={**spec.metadata, **self._columns(props)},
            freshness_policy=BUILT_HOURLY if props["schema"] in _COUNTED else None,
        )

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """The default with dbt's own name of the test, which says every argument, as its description."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        about = f"dbt test {self.get_resource_props(manifest, unique_id)['fqn'][-1]}"
        return spec and spec._replace(description=spec.description or about)

    def _columns(self, props: Mapping[str, Any]) -> dict[str, Any]:
        types = self._types.get(f"{props['schema']}.{props['name']}", {})
        columns = [
            dg.TableColumn(name, types.get(name, ""), column.get("description"))
            for name, column in props["columns"].items()
        ]
        return {"dagster/column_schema": dg.TableSchema(columns)} if columns else {}


def with_short_names(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with names of tests that fit a line, such as `not_null_day`; checks are called by them.

    Two tests of one model that would be called the same keep dbt's names. Selection goes by `fqn`, as before.
    """
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    shared = Counter((test.get("attached_node"), _short_name(test)) for test in tests)
    for test in tests:
        if shared[test.get("attached_node"), _short_name(test)] == 1:
            test["name"] = _short_name(test)
    return manifest


def _short_name(test: Mapping[str, Any]) -> str:
    generic = test.get("test_metadata")
    if generic is None:
        return str(test["name"])
    parts = (generic["name"], test.get("column_name") or "")
    return re.sub(r"\W+", "_", "_".join(part for part in parts if part))


def dbt_models(settings: Settings) -> dg.AssetsDefinition:
    """Every model with its tests. Raises `HirestreamError` where dbt cannot read the project."""
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
            with suppress(FileNotFoundError):  # a newer parse has taken its place; dbt reads the project anew
                shutil.copyfile(folder / PARTIAL_PARSE, target / PARTIAL_PARSE)
            with building(settings.warehouse):
                yield from _build(settings, context, target)
        finally:
            shutil.rmtree(target, ignore_errors=True)

    return models


def _build(settings: Settings, context: dg.AssetExecutionContext, target: Path) -> Iterator[Any]:
    """Run dbt and pass its events on; what was built gets its number of rows."""
    arguments = ["build", "--vars", json.dumps(model_variables(settings))]
    events = _dbt().cli(arguments, context=context, target_path=target).stream()
    with open_lake(settings.warehouse, read_only=True) as con:
        for event in events:
            if isinstance(event, dg.Output):
                schema, name = context.asset_key_for_output(event.output_name).path
                rows = row_counts(con, [f"{schema}.{name}"] if schema in _COUNTED else [])
                more = {"dagster/row_count": count for count in rows.values()}  # noqa: B035 - one or none
                yield event.with_metadata({**event.metadata, **more})
            else:
                yield event


def _dbt() -> DbtCliResource:
    beside = Path(sys.executable).with_name("dbt")
    return DbtCliResource(
        project_dir=str(MODELS),
        profiles_dir=str(MODELS),
        dbt_executable=str(beside) if beside.exists() else "dbt",
        global_config_flags=["--no-use-colors"],
    )
