"""An export is read by engines that know nothing of this project, and tells nothing about persons unasked."""

import hashlib
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.cli import run
from pipelines.contracts.registry import contracts
from pipelines.errors import Unavailable, UsageError
from pipelines.flatten.derived_tables import tables_of
from pipelines.serving import export_command
from pipelines.serving.export_command import Export, run_export
from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.parquet_export import ExportedTable
from pipelines.settings import Settings
from tests.upgrade.make import BATCHES, EVENTS, LAKES

NOW = datetime(2026, 7, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with its models."""
    home = tmp_path_factory.mktemp("exported")
    with tarfile.open(LAKES / "before-versions.tar.xz") as packed:
        packed.extractall(home, filter="data")
    return Settings(home=home)


@pytest.fixture(scope="module")
def folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def made(settings: Settings, folder: Path) -> Export:
    return run_export(settings, folder, personal=False, now=NOW)


def test_other_engines_read_what_the_manifest_says(made: Export, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {table["name"].split(".")[0] for table in manifest["tables"]} == {
        "ledger",
        "events",
        "entities",
        "marts",
    }
    for table in manifest["tables"]:
        names = [column["name"] for column in table["columns"]]
        by_polars = pl.read_parquet(folder / table["file"])
        assert (by_polars.height, by_polars.columns) == (table["rows"], names)
        by_arrow = pq.read_table(folder / table["file"])
        assert (by_arrow.num_rows, by_arrow.column_names) == (table["rows"], names)
        assert [column["name"] for column in table["columns"] if not column["description"]] == []
        assert table["description"]
    for file in manifest["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert {file["path"] for file in manifest["files"]} == {
        str(path.relative_to(folder)) for path in folder.rglob("*.parquet")
    }


def test_its_numbers_are_those_of_the_lake(made: Export, settings: Settings, folder: Path) -> None:
    ledger = pl.read_parquet(folder / "ledger" / "deliveries.parquet")
    assert ledger.height == BATCHES * EVENTS
    assert made.loaded_until == ledger["loaded_at"].max()
    with open_for_reading(settings) as con:
        for name in ("events.conversation_completed", "marts.funnel", "marts.source_health"):
            table = pl.read_parquet(folder / f"{name.replace('.', '/')}.parquet")
            of_lake = con.execute(f"SELECT {', '.join(table.columns)} FROM wh.{name}").pl()
            assert table.height > 0
            assert table.sort(pl.all()).equals(of_lake.sort(pl.all()))


@pytest.fixture(scope="module")
def asked(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with everything, by the command."""
    into = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HIRESTREAM_HOME", str(settings.home))
        assert run(["export", str(into), "--personal", "--json"]) == 0
    return into


def test_no_column_about_a_person_unless_asked(made: Export, folder: Path, asked: Path) -> None:
    shown = {table.name: {column.name for column in table.columns} for table in made.tables}
    marked = [
        (f"events.{table.name}", column.name)
        for provider, event_type in contracts()
        for table in (tables_of(provider, event_type).event, *tables_of(provider, event_type).children)
        for column in table.columns
        if column.personal
    ]
    assert len(marked) > 20
    assert [(table, column) for table, column in marked if column in shown[table]] == []
    assert not any({"body", "payload", "extras"} & columns for columns in shown.values())
    assert "ledger.bodies" not in shown
    with_all = json.loads((asked / "manifest.json").read_text())["tables"]
    assert [table["name"] for table in with_all if table["left_out"]] == []
    assert any(column["personal"] for table in with_all for column in table["columns"])
    names = pl.read_parquet(asked / "entities" / "conversations.parquet")["participant_last_name"]
    said = names.drop_nulls().unique().to_list()
    assert len(said) > 5
    everything = "".join(pl.read_parquet(file).write_json() for file in folder.rglob("*.parquet"))
    assert [name for name in said if f'"{name}"' in everything] == []


def test_an_unfinished_export_has_no_manifest(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, folder: Path, *, personal: bool) -> Iterator[ExportedTable]:
        (folder / "ledger").mkdir()
        yield ExportedTable("ledger.batches", "ledger/batches.parquet", "", 0, (), ())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_command, "export_tables", full)
    with pytest.raises(Unavailable, match="not complete"):
        run_export(settings, tmp_path, personal=False, now=NOW)
    assert not (tmp_path / "manifest.json").exists()
    with pytest.raises(UsageError, match="not empty"):
        run_export(settings, tmp_path, personal=False, now=NOW)


def test_without_a_lake_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no lake"):
        run_export(Settings(home=tmp_path / "home"), tmp_path / "out", personal=False, now=NOW)
    assert not (tmp_path / "out").exists()
