"""What dbt is told of the lake is what the contracts say."""

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.errors import UsageError
from pipelines.lake.schema import all_tables
from pipelines.transform import generated_sources


def test_the_generated_files_are_up_to_date() -> None:
    assert generated_sources.find_outdated() == []


def test_an_outdated_file_is_seen_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "_sources.yml"
    monkeypatch.setattr(generated_sources, "GENERATED", {file: generated_sources.render_sources})
    assert generated_sources.find_outdated() == [file]
    with pytest.raises(UsageError, match="hirestream docs"):
        generated_sources.check_generated()
    assert generated_sources.regenerate() == [file]
    generated_sources.check_generated()
    assert generated_sources.find_outdated() == []


def test_every_event_table_is_a_source_with_its_asset_key() -> None:
    (events,) = [
        s for s in yaml.safe_load(generated_sources.render_sources())["sources"] if s["name"] == "events"
    ]
    keys = {table["name"]: table["config"]["meta"]["dagster"]["asset_key"] for table in events["tables"]}
    names = {name.removeprefix("events.") for name, _ in all_tables() if name.startswith("events.")}
    assert keys == {name: ["events", name] for name in names}
