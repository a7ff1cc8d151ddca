"""`hirestream backup`: copy all data of an installation that cannot be built again, while it runs.

The stores are copied in the order in which a delivery passes them: unverified, spool, lake. A delivery that
moves meanwhile is in the copy twice, and the load counts it once; in another order it could be missing.
"""

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.admin.audit.topic import waiting
from pipelines.admin.backup.lake_copy import copy_lake, copy_sqlite
from pipelines.admin.backup.manifest import FORMAT, BackupCounts, Manifest, NextOffset
from pipelines.admin.backup.settings_without_secrets import without_secrets
from pipelines.errors import Unavailable
from pipelines.host.checksummed_folder import create_empty_folder, list_files, write_manifest
from pipelines.ingest.topic_admin import topic_info, watermarks
from pipelines.lake.catalog import ledger_totals
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import CATALOG_NAME
from pipelines.lake.format_version import lake_version, this_release
from pipelines.settings import Settings
from receiver.spool.spool import spool_path
from receiver.spool.waiting_marker import LOST
from receiver.unverified.store import unverified_path

SETTINGS_FILE = "hirestream.toml"
FOLDERS = ("erasures",)
"""Copied folders of the home, whose files are written once and never changed."""

KAFKA_TIMEOUT_SECONDS = 5.0

Say = Callable[[str], None]


def run_backup(settings: Settings, folder: Path, *, now: datetime, say: Say) -> Manifest:
    """Copy the installation into a new or empty folder; the manifest is written last.

    Call it in a process that has not opened the lake. Raises `UsageError` for an unusable folder,
    `Unavailable` without a lake or when a file cannot be copied.
    """
    create_empty_folder(folder, private=True)
    try:
        return _back_up(settings, folder, now, say)
    except OSError as error:
        raise Unavailable(f"the backup in {folder} is not complete ({error.strerror}); delete it") from error


def render(manifest: Manifest, folder: Path) -> str:
    """Render a manifest as text: the contents of the backup and what is left out."""
    counts = manifest.counts
    lines = [
        f"{folder}: {len(manifest.files)} files, {manifest.size_bytes / 1e6:.1f} MB",
        f"  {counts.records} records in the ledger, {counts.spooled} deliveries in the spool, "
        f"{counts.held} held unverified",
        f"  on the topic and not in it: {_number_text(counts.not_loaded)} records that were not loaded yet",
    ]
    if manifest.left_out:
        lines.append(f"  secrets are not in it, give them again: {', '.join(manifest.left_out)}")
    return "\n".join(lines)


def _number_text(number: int | None) -> str:
    return "an unknown number of (Kafka did not answer)" if number is None else str(number)


def _back_up(settings: Settings, folder: Path, now: datetime, say: Say) -> Manifest:
    left_out = _copy_settings(settings.home / SETTINGS_FILE, folder)
    for name in FOLDERS:
        if (settings.home / name).is_dir():
            shutil.copytree(settings.home / name, folder / name)
    say("copying what waits for Kafka")
    for file in (unverified_path(settings), spool_path(settings)):
        _copy_queue(file, folder)
    for lost in settings.home.glob(f"{LOST}-*"):
        shutil.copyfile(lost, folder / lost.name)
    say("copying the lake")
    copy_lake(settings.warehouse, folder / "warehouse")
    say("checking the copy")
    manifest = replace(_read_copy(settings, folder, now, left_out), files=list_files(folder))
    write_manifest(folder, manifest)
    return manifest


def _copy_settings(file: Path, folder: Path) -> Sequence[str]:
    if not file.exists():
        return ()
    text, left_out = without_secrets(file.read_text("utf-8"))
    (folder / SETTINGS_FILE).write_text(text, "utf-8")
    return left_out


def _copy_queue(file: Path, folder: Path) -> None:
    """Copy a queue file of the receiver, with its totals. Raises `Unavailable` when it cannot be copied."""
    if not file.exists():
        return
    try:
        copy_sqlite(file, folder / file.name)
    except sqlite3.Error as error:
        raise Unavailable(f"{file} cannot be copied: {error}; the receiver's log says more") from error


def _read_copy(settings: Settings, folder: Path, now: datetime, left_out: Sequence[str]) -> Manifest:
    """Return the manifest of the copied stores, without the list of files.

    Raises `Unavailable` when the copied lake cannot be read.
    """
    copied = folder / "warehouse"
    try:
        with open_lake(copied, read_only=True) as con:
            version, offsets, totals = lake_version(con)[0], _offsets(con), ledger_totals(con)
            not_loaded = _count_not_loaded(settings, con)
    except duckdb.Error as error:
        raise Unavailable(f"the copy of the lake cannot be read: {error}") from error
    finally:
        for name in (f"{CATALOG_NAME}-wal", f"{CATALOG_NAME}-shm"):
            (copied / name).unlink(missing_ok=True)
    spooled, held = (
        _count_items(folder / path.name) for path in (spool_path(settings), unverified_path(settings))
    )
    found = BackupCounts(
        records=totals["accepted"],
        loaded=totals["loaded"],
        duplicate=totals["duplicate"],
        quarantined=totals["quarantined"],
        spooled=spooled,
        held=held,
        not_loaded=not_loaded,
    )
    return Manifest(FORMAT, this_release(), version, now, offsets, found, tuple(left_out), ())


def _offsets(con: duckdb.DuckDBPyConnection) -> tuple[NextOffset, ...]:
    rows = con.execute(
        """
        SELECT topic, topic_id, partition, arg_max(next_offset, batch_id) FROM wh.ledger.offsets
        GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return tuple(NextOffset(*row) for row in rows)


def _count_not_loaded(settings: Settings, con: duckdb.DuckDBPyConnection) -> int | None:
    """Count records on the topic that the copied lake has not loaded; None when Kafka does not answer."""
    try:
        topic = topic_info(settings.kafka, timeout_seconds=KAFKA_TIMEOUT_SECONDS)
        if topic is None:
            return 0
        found = watermarks(settings.kafka, topic, timeout_seconds=KAFKA_TIMEOUT_SECONDS)
    except Unavailable:
        return None
    return waiting(con, topic, found)


def _count_items(file: Path) -> int:
    if not file.exists():
        return 0
    with sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True) as con:
        ((count,),) = con.execute("SELECT count(*) FROM items").fetchall()
    con.close()
    return int(count)
