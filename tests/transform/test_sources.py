"""What dbt is told of the lake is what the contracts say, and every model is described and tested."""

from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.settings import Settings
from pipelines.transform import sources
from pipelines.transform.build import ModelBuilder
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.tables import all_tables, create_tables


def test_the_generated_files_are_up_to_date() -> None:
    assert sources.outdated() == []


def test_an_outdated_file_is_seen_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "_sources.yml"
    monkeypatch.setattr(sources, "GENERATED", {file: sources.render_sources})
    assert sources.outdated() == [file]
    assert sources.regenerate() == [file]
    assert sources.outdated() == []


def test_every_event_table_is_a_source_with_its_asset_key() -> None:
    (events,) = [s for s in yaml.safe_load(sources.render_sources())["sources"] if s["name"] == "events"]
    keys = {table["name"]: table["config"]["meta"]["dagster"]["asset_key"] for table in events["tables"]}
    names = {name.removeprefix("events.") for name, _ in all_tables() if name.startswith("events.")}
    assert keys == {name: ["events", name] for name in names}


def test_every_model_and_column_is_described_and_every_model_has_its_file(tmp_path: Path) -> None:
    documented = {}
    for file in sources.MODELS.rglob("_*.yml"):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", []):
            assert model["description"]
            assert all(column["description"] for column in model["columns"])
            documented[model["name"]] = [column["name"] for column in model["columns"]]
    assert documented == _built_columns(tmp_path)


def _built_columns(home: Path) -> dict[str, list[str]]:
    settings = Settings(home=home)
    con: duckdb.DuckDBPyConnection = open_lake(settings.warehouse)
    create_tables(con)
    result = ModelBuilder(settings).build()
    assert not result.failures
    rows = con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = 'wh' AND schema_name IN ('staging', 'entities', 'marts') GROUP BY table_name"
    ).fetchall()
    assert con.execute("SELECT count(*) FROM wh.marts.members").fetchone() == (0,)
    return dict(rows)
