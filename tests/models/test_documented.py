"""Every model and every column is described, every model has a test, and nothing is described that is not."""

from typing import Any

import yaml  # type: ignore[import-untyped]

from pipelines.transform.generated_sources import MODELS
from tests.support.models.small_lake import SmallLake

UNTESTED = frozenset({"funnel", "source_health", "data_quality", "freshness"})
"""Marts without a promise that a row could break."""


def documented() -> list[tuple[str, list[str]]]:
    """Every model with its columns as its YAML names them, in order."""
    found = []
    for file in MODELS.rglob("_*.yml"):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", []):
            assert model["description"]
            assert all(column["description"] for column in model["columns"])
            found.append((model["name"], [column["name"] for column in model["columns"]]))
    return sorted(found)


def test_every_model_and_column_is_described_as_it_is(traps: SmallLake) -> None:
    built = traps.rows(
        "SELECT table_name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns() "
        "WHERE database_name = 'wh' AND schema_name IN ('staging', 'entities', 'marts') "
        "GROUP BY schema_name, table_name"
    )
    assert documented() == sorted((row["table_name"], row["columns"]) for row in built)


def every_mart() -> list[dict[str, Any]]:
    files = (MODELS / "marts").glob("_*.yml")
    return [model for file in files for model in yaml.safe_load(file.read_text("utf-8"))["models"]]


def checks_of(model: dict[str, Any]) -> set[str]:
    """The names of the tests on a model and on its columns."""
    tests = [*model.get("data_tests", [])]
    tests += [test for column in model["columns"] for test in column.get("data_tests", [])]
    return {test if isinstance(test, str) else next(iter(test)) for test in tests}


def test_every_entity_and_mart_is_tested() -> None:
    entities = yaml.safe_load((MODELS / "entities" / "_entities.yml").read_text("utf-8"))["models"]
    for model in (*entities, *every_mart()):
        assert checks_of(model) or model["name"] in UNTESTED


def test_every_mart_with_parts_proves_that_they_add_up_and_its_rates_are_shares() -> None:
    for model in every_mart():
        columns = {column["name"] for column in model["columns"]}
        if "population" in columns:
            assert checks_of(model) & {"parts_add_up", "adds_up"}, model["name"]
        if "rate" in columns:
            assert "within" in checks_of(model), model["name"]
