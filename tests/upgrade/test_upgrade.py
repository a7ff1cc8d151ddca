"""Lakes of earlier releases continue under this one, and those of later releases are left alone."""

import logging
import tarfile
from pathlib import Path

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.cli import run
from pipelines.lake import schema
from pipelines.lake.connection import open_lake
from pipelines.lake.format_version import TABLE, VERSION, lake_version, this_release
from pipelines.lake.schema import create_tables
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from receiver.envelope import format_instant
from tests.support.settings_for import SettingsFor
from tests.upgrade.make import BATCHES, EVENTS, LAKES, RECEIVED_AT, load

PACKED = sorted(LAKES.glob("*.tar.xz"))
CONVERSATIONS = """
    SELECT count(DISTINCT (provider, organization_id, conversation_id)) FROM staging.stg_conversation_events
    WHERE conversation_id IS NOT NULL
"""
OPENS_THE_LAKE = (
    ["query", "SELECT 1"],
    ["audit"],
    ["quarantine"],
    ["status"],
    ["doctor"],
    ["report"],
    ["explain", "scheduling_success", "--day", "2026-07-01", "--organization", "o"],
    ["replay", "--all"],
    ["stream", "--until-caught-up"],
)


def test_a_lake_of_each_release_is_kept() -> None:
    kept = {file.name.removesuffix(".tar.xz") for file in PACKED}
    assert {"before-versions", this_release()} <= kept
    assert all(file.stat().st_size < 300_000 for file in PACKED)


@pytest.mark.parametrize("packed", PACKED, ids=lambda file: file.name.removesuffix(".tar.xz"))
def test_a_lake_of_an_earlier_release_goes_on(packed: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with tarfile.open(packed) as content:
        content.extractall(tmp_path, filter="data")
    before = summary(settings)
    assert before["ledger.deliveries"] == BATCHES * EVENTS
    with open_lake(settings.warehouse, pinned=True) as con:  # read before any writer has opened it
        assert audit(con, None).findings == ()
    touched = load(settings, BATCHES * EVENTS, 1)
    if packed.name != f"{this_release()}.tar.xz":  # of the own release that is what every other test does
        built = ModelBuilder(settings, now=format_instant(RECEIVED_AT)).build(touched)
        assert built.failures == ()
        built_now = summary(settings)["entities.conversations"]
        assert built_now == conversations(settings) > before["entities.conversations"] > 0
    after = summary(settings)
    assert after["ledger.deliveries"] == before["ledger.deliveries"] + EVENTS
    assert after["events.conversation_queued"] > before["events.conversation_queued"] > 0
    with open_lake(settings.warehouse, pinned=True) as con:
        assert audit(con, None).findings == ()
        assert lake_version(con) == (VERSION, this_release())


def summary(settings: Settings) -> dict[str, int]:
    with open_lake(settings.warehouse, pinned=True) as con:
        return {
            name: one(con, f"SELECT count(*) FROM wh.{name}")
            for name in ("ledger.deliveries", "events.conversation_queued", "entities.conversations")
        }


def conversations(settings: Settings) -> int:
    """As many as the events name."""
    with open_lake(settings.warehouse, pinned=True) as con:
        return one(con, CONVERSATIONS)


def one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((found,),) = con.execute(sql).fetchall()
    return int(found)


def test_what_is_missing_comes_in_one_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with open_lake(tmp_path) as con:
        create_tables(con)
        con.execute(f"DROP TABLE wh.{TABLE}")
        con.execute("DROP TABLE wh.events.analysis_created")
        con.execute("ALTER TABLE wh.ledger.deliveries DROP COLUMN moved_batch_id")
        before = columns(con)
        assert lake_version(con) == (0, None)
        with monkeypatch.context() as patch:
            patch.setattr(schema, "record_version", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                create_tables(con)
        assert columns(con) == before
    with caplog.at_level(logging.INFO), open_lake(tmp_path) as con:
        create_tables(con)
        create_tables(con)
        assert {"deliveries.moved_batch_id", "analysis_created.event_key"} <= columns(con) - before
        assert lake_version(con) == (VERSION, this_release())
        assert one(con, f"SELECT count(*) FROM wh.{TABLE}") == 1
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert "chained its batches in another way" in caplog.text


def columns(con: duckdb.DuckDBPyConnection) -> set[str]:
    sql = "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE database_name = 'wh'"
    return {name for (name,) in con.execute(sql).fetchall()}


def test_a_lake_of_a_later_release_is_refused_by_every_command(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for()
    with open_lake(settings.warehouse) as con:
        create_tables(con)
        con.execute(f"INSERT INTO wh.{TABLE} VALUES (?, '9.9', now())", [VERSION + 1])
    monkeypatch.setenv("HIRESTREAM_HOME", str(settings.home))
    monkeypatch.setenv("HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS", str(settings.kafka.bootstrap_servers))
    monkeypatch.setenv("HIRESTREAM_KAFKA__TOPIC", settings.kafka.topic)
    monkeypatch.setenv("HIRESTREAM_SOURCES__POPP__PROVIDER", "popp")
    monkeypatch.setenv("HIRESTREAM_SOURCES__POPP__SECRETS", "k:v")
    folders = [["backup", str(settings.home / "backup")], ["export", str(settings.home / "export")]]
    for command in (*OPENS_THE_LAKE, *folders):
        assert run(command) == 2, command
        said = capsys.readouterr()
        assert f"this lake has format {VERSION + 1}, written by hirestream 9.9" in said.err, command
        assert said.out == ""
    assert not list(settings.home.rglob("manifest.json"))
