"""A backup of a system in use, restored elsewhere: nothing lost, nothing doubled, nothing half."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.admin.backup import backup_command
from pipelines.admin.backup import lake_copy as warehouse_backup
from pipelines.admin.backup.backup_command import run_backup
from pipelines.admin.backup.manifest import BackupCounts, Manifest, read_manifest
from pipelines.admin.backup.restore_command import run_restore
from pipelines.admin.backup.settings_without_secrets import without_secrets
from pipelines.errors import HirestreamError, Unavailable, UsageError
from pipelines.host.checksummed_folder import MANIFEST_NAME
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import lease_holder
from pipelines.settings import Settings
from receiver.spool.spool import spool_path
from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SqliteQueue
from tests.chaos.client import Traffic
from tests.chaos.run import settings_in, traffic
from tests.chaos.world import World, wait_for

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NO_TRAFFIC = Traffic(iter(()), 1)
LOTS = QueueLimits(10**9, 10**6)

FILL = """
import datetime as dt, sys
from pathlib import Path
from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import lease_holder
from pipelines.load.loader import Loader
from pipelines.lake.maintenance import maintain
from pipelines.lake.schema import create_tables
from tests.support.rows import raw_batch
from tests.support.events import queued
warehouse, first, batches = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
con = open_lake(warehouse)
create_tables(con)
loader = Loader(con, {}, holder="test", organizations={}, rejects=None, clock=lambda: dt.datetime.now(dt.UTC))
for number in range(first, first + batches):
    loader.load(decode_batch(raw_batch(queued(number), start=number)))
if "merge" in sys.argv:
    maintain(con, warehouse, snapshot_age="INTERVAL 0 SECONDS", file_age="INTERVAL 0 SECONDS")
"""
"""A process of its own, because this one must not have the lake open in DuckDB."""


def fill(settings: Settings, first: int, batches: int, *flags: str) -> None:
    command = [sys.executable, "-c", FILL, str(settings.warehouse), str(first), str(batches), *flags]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, timeout=60)


def silent(_: str) -> None:
    return


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a lake."""
    found = Settings(home=tmp_path_factory.mktemp("filled") / "home")
    fill(found, 0, 3)
    return found


@pytest.fixture
def settings(filled: Settings, tmp_path: Path) -> Settings:
    """A home like that of its own, which may be harmed, and no Kafka that answers."""
    home = shutil.copytree(filled.home, tmp_path / "home")
    return Settings(home=home, kafka={"bootstrap_servers": "127.0.0.1:1"})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_command, "KAFKA_TIMEOUT_SECONDS", 0.2)


def records(settings: Settings) -> int:
    with open_lake(settings.warehouse, read_only=True) as con:
        ((found,),) = con.execute("SELECT count(*) FROM wh.ledger.deliveries").fetchall()
    return int(found)


def spool(settings: Settings, *delivery_ids: str) -> None:
    queue = SqliteQueue(spool_path(settings))
    queue.append([QueueItem(each, "popp", NOW, b"{}") for each in delivery_ids], LOTS)
    queue.close()


def test_restored_elsewhere_it_is_the_same(settings: Settings, tmp_path: Path) -> None:
    spool(settings, "d-1", "d-2")
    (settings.home / "hirestream.toml").write_text('[sources.popp]\nprovider = "popp"\nsecrets = "k:hush"\n')
    (tmp_path / "backup").mkdir(mode=0o755)
    made = run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    assert made.counts == BackupCounts(3, 3, 0, 0, spooled=2, held=0, not_loaded=None)
    assert [o.next_offset for o in made.offsets] == [3]
    assert made.left_out == ("HIRESTREAM_SOURCES__POPP__SECRETS",)
    other = Settings(home=tmp_path / "elsewhere")
    assert run_restore(other, tmp_path / "backup", say=silent) == made
    settings.home.rename(tmp_path / "gone")  # so that nothing is read from there
    with closing(sqlite3.connect(other.warehouse / "catalog.sqlite")) as catalog:
        said = catalog.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'").fetchall()
    assert said == [(f"{other.warehouse}/data/",)]  # for a DuckDB that attaches it without our options
    assert records(other) == 3
    fill(other, 3, 2, "merge")
    assert records(other) == 5
    queue = SqliteQueue(spool_path(other))
    assert [placed.item.delivery_id for placed in queue.oldest(0, 9)] == ["d-1", "d-2"]
    assert spool_path(other).stat().st_mode & 0o777 == 0o600
    queue.close()
    assert b"hush" not in b"".join(file.read_bytes() for file in other.home.rglob("*") if file.is_file())


def test_a_home_that_was_moved_opens(settings: Settings, tmp_path: Path) -> None:
    moved = Settings(home=tmp_path / "moved")
    settings.home.rename(moved.home)
    fill(moved, 3, 2, "merge")
    assert records(moved) == 5
    assert not settings.home.exists()


def test_what_is_drained_meanwhile_is_in_the_spool_or_in_the_lake(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool(settings, "d-3")
    moved: list[str] = []

    def then(step: Callable[..., None]) -> Callable[..., None]:
        def stepped(*arguments: Any) -> None:
            step(*arguments)
            if not moved and "held" not in str(arguments[0]):
                moved.append("drained and loaded after the first of the two was copied")
                queue = SqliteQueue(spool_path(settings))
                queue.delete([placed.position for placed in queue.oldest(0, 9)])
                queue.close()
                fill(settings, 3, 1)

        return stepped

    monkeypatch.setattr(backup_command, "_copy_queue", then(backup_command._copy_queue))
    monkeypatch.setattr(backup_command, "copy_lake", then(warehouse_backup.copy_lake))
    made = run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    assert moved
    assert made.counts.spooled + made.counts.records == 5  # 3 of before, and this one in both


def test_files_that_go_meanwhile_are_copied_as_what_took_their_place(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[str] = []
    copy = warehouse_backup._copy_catalog

    def then_merge(*arguments: Path) -> None:
        copy(*arguments)
        if not merged:
            merged.append("maintenance took the small files away")
            fill(settings, 3, 1, "merge")

    monkeypatch.setattr(warehouse_backup, "_copy_catalog", then_merge)
    made = run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    assert merged
    assert made.counts.records == 4
    other = Settings(home=tmp_path / "elsewhere")
    run_restore(other, tmp_path / "backup", say=silent)
    assert records(other) == 4


def test_an_unfinished_backup_is_none(settings: Settings, tmp_path: Path) -> None:
    folder, other = tmp_path / "backup", Settings(home=tmp_path / "elsewhere")
    run_backup(settings, folder, now=NOW, say=silent)
    with pytest.raises(UsageError, match="not empty"):
        run_backup(settings, folder, now=NOW, say=silent)
    (folder / MANIFEST_NAME).rename(tmp_path / MANIFEST_NAME)
    with pytest.raises(UsageError, match="did not come to its end"):
        run_restore(other, folder, say=silent)
    assert not other.home.exists()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.with_name("besides").touch(), "not in its manifest"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"), "not as it was written"),
        (lambda file: file.write_bytes(file.read_bytes() + b"?"), "not as it was written"),
    ],
)
def test_a_damaged_backup_is_not_restored(
    settings: Settings, tmp_path: Path, harm: Callable[[Path], object], words: str
) -> None:
    made = run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    harm(tmp_path / "backup" / made.files[-1].path)
    other = Settings(home=tmp_path / "elsewhere")
    with pytest.raises(HirestreamError, match=words):
        run_restore(other, tmp_path / "backup", say=silent)
    assert not [path for path in tmp_path.iterdir() if "elsewhere" in path.name], "a copy was left"


def test_a_home_in_use_is_not_restored_into(settings: Settings, tmp_path: Path) -> None:
    run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    with pytest.raises(UsageError, match="not empty"):
        run_restore(settings, tmp_path / "backup", say=silent)
    assert records(settings) == 3


def test_a_damaged_lake_is_no_backup(settings: Settings, tmp_path: Path) -> None:
    next((settings.warehouse / "data").rglob("*.parquet")).unlink()
    with pytest.raises(Unavailable, match="which is not there"):
        run_backup(settings, tmp_path / "backup", now=NOW, say=silent)
    assert not (tmp_path / "backup" / MANIFEST_NAME).exists()
    with pytest.raises(Unavailable, match="no lake"):
        run_backup(Settings(home=tmp_path / "nothing"), tmp_path / "second", now=NOW, say=silent)


def test_settings_without_their_secrets() -> None:
    text, left_out = without_secrets(
        'home = "/x"\n[kafka]\ntopic = "a.b"\n[kafka.config]\n"sasl.password" = "p"\n'
        '"ssl.key.location" = "/k"\n"ssl.key.pem" = "p"\n'
        '[sources.a-b]\nprovider = "popp"\nsecrets = "k:p"\nsecrets_file = "/s"\n'
        "hold_unverified = true\n[erasure]\nkey = 'p'\n"
    )
    assert '"p"' not in text
    assert without_secrets(text)[1] == []
    kept = ("a.b", "/k", "/s", "true")
    assert [word for word in kept if word not in text] == []
    assert '"/x"' not in text
    assert left_out == [
        "HIRESTREAM_KAFKA__CONFIG__SASL_PASSWORD",
        "HIRESTREAM_KAFKA__CONFIG__SSL_KEY_PEM",
        "HIRESTREAM_SOURCES__A-B__SECRETS",
        "HIRESTREAM_ERASURE__KEY",
    ]


@pytest.mark.timeout(300)
def test_under_load_every_answered_delivery_is_there_once(tmp_path: Path) -> None:
    """Taken while deliveries pass the spool, restored next to the same topic, which continued."""
    with World(settings_in(tmp_path / "home", models=False), Traffic(traffic(), 60)) as world:
        world.receiver, world.loader = world.start_receiver(), world.start_loader()
        wait_for(lambda: lease_holder(world.settings.warehouse) is not None, 150, "the loader")
        world.client.start()
        try:
            wait_for(lambda: "batch 1:" in world.loader.words(), 60, "some batches")
            world.broker_signal(signal.SIGSTOP)
            wait_for(lambda: world.metric("hirestream_spool_waiting") > 20, 90, "a filling spool")
            made = taken(world, tmp_path / "backup")
            world.broker_signal(signal.SIGCONT)
            wait_for(lambda: len(world.client.acknowledged) > 350, 90, "deliveries after the backup")
        finally:
            world.broker_signal(signal.SIGCONT)
            world.client.finish()
        world.drained()
        assert world.loader.stop() == 0
        assert world.receiver.stop() == 0
        assert made.counts.spooled > 20
        found = restored(world, tmp_path / "backup", tmp_path / "elsewhere")
    assert found["lost"] == found["doubled"] == found["waiting"] == 0
    assert found["findings"] == []
    assert found["records"] > made.counts.records > 0
    assert found["duplicate"] >= made.counts.spooled  # what the copy of the spool brings a second time


def taken(world: World, folder: Path) -> Manifest:
    done = world.run("-m", "pipelines.cli", "backup", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["spooled"] == read_manifest(folder).counts.spooled
    return read_manifest(folder)


def restored(world: World, backup: Path, home: Path) -> Mapping[str, Any]:
    """The verdict of a home of its own, whose receiver drains the spool that was copied."""
    given = settings_in(home)
    kafka = {"bootstrap_servers": world.broker.bootstrap_servers}
    other = World(
        Settings(home=home, kafka=kafka, sources=given.sources, receiver=given.receiver), NO_TRAFFIC
    )
    other.client.acknowledged = world.client.acknowledged
    done = other.run("-m", "pipelines.cli", "restore", str(backup))
    assert done.returncode == 0, done.stderr
    other.receiver = other.start_receiver()
    try:
        other.drained()
        loaded = other.catch_up()
        assert loaded.returncode == 0, loaded.stderr
        return other.verdict()
    finally:
        other.receiver.kill()
