"""Dagster properties of dbt models and tests: asset keys, groups, owners, columns and check names."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

OWNERS = ["team:recruiting-data"]
BUILT_HOURLY = dg.FreshnessPolicy.time_window(dt.timedelta(hours=2), dt.timedelta(minutes=90))
"""Freshness policy of entities and marts.

The stream builds them within seconds of an event; without events the schedule builds them once an hour.
"""
_FRESH_SCHEMAS = ("entities", "marts")


class Translator(DagsterDbtTranslator):
    """Mapping of dbt models and tests to Dagster assets and checks.

    `types` holds, per `schema.model` name, the SQL type of each column.
    """

    def __init__(self, types: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_source_tests_as_checks=True,
                enable_dbt_views_as_virtual_assets=True,  # a view is never older than what it reads
            )
        )
        self._types = types

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return `schema/name` for a model, such as `marts/funnel`; for a source, the key in its YAML."""
        if dbt_resource_props["resource_type"] != "model":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the description from the YAML file, without the SQL of the model."""
        return str(dbt_resource_props["description"])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """Return dagster-dbt's asset spec; models get owners, group, freshness policy and column types."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] != "model":
            return spec
        return spec.replace_attributes(
            owners=OWNERS,
            tags={**spec.tags, "layer": props["schema"]},
            group_name="facts" if _is_fact(manifest, props) else props["schema"],
            metadata={**spec.metadata, **self._columns(props)},
            freshness_policy=BUILT_HOURLY if props["schema"] in _FRESH_SCHEMAS else None,
        )

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """Return dagster-dbt's check spec, described by the long dbt name of the test, with all arguments."""
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


def _is_fact(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    """Return whether a staging view reads entities. A separate group for these keeps the lineage acyclic."""
    if model["schema"] != "staging":
        return False
    parents = [manifest["nodes"][key] for key in model["depends_on"]["nodes"] if key in manifest["nodes"]]
    return any(parent["schema"] == "entities" or _is_fact(manifest, parent) for parent in parents)


def with_short_names(manifest: dict[str, Any]) -> dict[str, Any]:
    """Give the tests in the dbt manifest short names such as `not_null_day`, and return the manifest.

    Dagster names its checks after them. Two tests of one model that would get the same short name keep dbt's
    names. dbt selects tests by `fqn`, which does not change.
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
