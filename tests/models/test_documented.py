"""Every model and every column is described, every model has a test, and nothing is described that is not."""

import yaml  # type: ignore[import-untyped]

from pipelines.transform.sources import MODELS
from tests.models.lake import SmallLake


def documented() -> dict[str, list[str]]:
    """The columns of every model as its YAML names them, in order."""
    found = {}
    for file in MODELS.rglob("_*.yml"):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", []):
            assert model["description"]
            assert all(column["description"] for column in model["columns"])
            found[model["name"]] = [column["name"] for column in model["columns"]]
    return found


def test_every_model_and_column_is_described_as_it_is(traps: SmallLake) -> None:
    built = traps.rows(
        "SELECT table_name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns() "
        "WHERE database_name = 'wh' AND schema_name IN ('staging', 'entities', 'marts') GROUP BY table_name"
    )
    assert documented() == {row["table_name"]: row["columns"] for row in built}


def test_every_entity_and_rate_mart_is_tested() -> None:
    for file in (MODELS / "entities" / "_entities.yml", MODELS / "marts" / "_marts.yml"):
        for model in yaml.safe_load(file.read_text("utf-8"))["models"]:
            own = model.get("data_tests", []) + [t for c in model["columns"] for t in c.get("data_tests", [])]
            assert own or model["name"] in ("funnel", "source_health", "data_quality", "freshness")
