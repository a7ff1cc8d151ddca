"""Translation of the dbt project for Dagster: keys, groups, owners, columns, names of checks."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

OWNERS = ["team:recruiting-data"]
BUILT_HOURLY = dg.FreshnessPolicy.time_window(dt.timedelta(hours=2), dt.timedelta(minutes=90))
"""The stream builds within seconds of an event; without events the schedule still builds once an hour."""
_FRESH = ("entities", "marts")


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

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Description from the YAML, without the SQL."""
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
            group_name="facts" if _is_fact(manifest, props) else props["schema"],
            metadata={**spec.metadata, **self._columns(props)},
            freshness_policy=BUILT_HOURLY if props["schema"] in _FRESH else None,
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


def _is_fact(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    """Return whether a staging view reads entities; a group of its own keeps the lineage in one direction."""
    if model["schema"] != "staging":
        return False
    parents = [manifest["nodes"][key] for key in model["depends_on"]["nodes"] if key in manifest["nodes"]]
    return any(parent["schema"] == "entities" or _is_fact(manifest, parent) for parent in parents)


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
