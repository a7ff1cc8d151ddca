"""What status and audit say of the spool."""

import datetime as dt
import hashlib
import json
import os
import signal
import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest

from pipelines.admin.audit.command import CHECK, audit_spool, render, run_audit
from pipelines.diagnostics.spool_listing import dead_letter_table, remove, waiting_table
from pipelines.diagnostics.status import read_status
from pipelines.diagnostics.status import render as render_status
from pipelines.errors import UsageError
from pipelines.ingest.topic_admin import ensure_topic
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.settings import Settings
from receiver.spool.spool import spool_path, spool_totals
from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SqliteQueue
from tests.support import command_line
from tests.support.running import running, variables, wait_for
from tests.support.settings_for import SettingsFor

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
WIDE = QueueLimits(10**9, 10**6)
NOTE = b'{"provider": "popp", "key": "k"}'


def spool(settings: Settings, count: int, drained: int, age_seconds: float) -> None:
    """A spool as a receiver that is down has left it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    queue = SqliteQueue(spool_path(settings))
    at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_seconds)
    assert all(queue.append([QueueItem(f"id-{n}", "popp", at, b"body", NOTE) for n in range(count)], WIDE))
    queue.delete([placed.position for placed in queue.oldest(0, drained)])
    queue.close()


def plant(settings: Settings, sql: str) -> None:
    con = sqlite3.connect(spool_path(settings))
    with con:
        con.execute(sql)
    con.close()


def spool_problems(settings: Settings) -> list[str]:
    return [
        problem
        for problem in read_status(settings).problems
        if "the spool" in problem or "spool.sqlite" in problem
    ]


def test_no_spool_is_no_problem_and_none_is_made(settings_for: SettingsFor) -> None:
    settings = settings_for()
    status = read_status(settings)
    assert status.spool is None
    assert "OK    spool       none" in render_status(status)
    assert audit_spool(settings) == (None, ())
    assert not spool_path(settings).exists()


def test_what_waits_is_a_problem_only_after_a_while(settings_for: SettingsFor) -> None:
    settings = settings_for()
    spool(settings, 3, drained=1, age_seconds=60)
    status = read_status(settings)
    assert status.spool is not None
    assert (status.spool.state, status.spool.waiting, status.spool.taken, status.spool.drained) == (
        "waiting",
        2,
        3,
        1,
    )
    assert 60 <= (status.spool.oldest_age_seconds or 0) < 600
    assert "WARN  spool       waiting, waiting 2 (" in render_status(status)
    assert spool_problems(settings) == []
    spool(settings, 1, drained=2, age_seconds=7200)
    assert ["the oldest for 2:0" in problem for problem in spool_problems(settings)] == [True]


def test_the_state_is_the_receivers_word_while_it_runs(settings_for: SettingsFor) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    with running(settings):
        status = read_status(settings)
    assert status.receiver == "up"
    assert status.spool is not None
    assert (status.spool.state, status.spool.waiting) == ("idle", 0)


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        ("DELETE FROM items WHERE position = 2", "deliveries that were answered 200 are gone: lost"),
        ("UPDATE lifetime SET deleted = deleted + 1", "more than came in"),
    ],
)
def test_the_audit_finds_what_was_taken_from_the_spool(
    settings_for: SettingsFor, harm: str, problem: str
) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
    spool(settings, 3, drained=1, age_seconds=60)
    found = run_audit(settings)
    assert found.ok
    assert "OK    spool appended 3: drained 1, waiting 2, dead letters 0" in render(found)
    assert render(found).endswith("OK    nothing lost, nothing counted twice")
    plant(settings, harm)
    found = run_audit(settings)
    assert not found.ok
    assert render(found).endswith("\nFAIL  1 findings")
    assert "\nFAIL  spool appended 3: " in render(found)
    assert f"\nFAIL  {CHECK}: " in render(found)
    assert [(one.check, one.problem, one.records) for one in found.findings] == [
        ("spool in = drained + waiting + taken out", problem, 1)
    ]
    assert any("does not add up" in told for told in spool_problems(settings))


def test_a_damaged_spool_is_a_finding_and_a_problem(settings_for: SettingsFor) -> None:
    settings = settings_for()
    settings.home.mkdir(parents=True, exist_ok=True)
    spool_path(settings).write_bytes(b"not SQLite" * 1000)
    spooled, findings = audit_spool(settings)
    assert spooled is None
    assert ["spool.sqlite" in finding.where for finding in findings] == [True]
    assert ["cannot be read" in problem for problem in spool_problems(settings)] == [True]


def run(settings: Settings, *arguments: str) -> command_line.Completed:
    return command_line.run(os.environ | variables(settings), "spool", *arguments)


def test_what_kafka_rejects_is_listed_removed_and_accounted_for(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
    huge = b"x" * (settings.kafka.max_message_bytes + 1)
    settings.home.mkdir(exist_ok=True)
    queue = SqliteQueue(spool_path(settings))
    items = [QueueItem(f"id-{number}", "popp", NOW, body, NOTE) for number, body in ((1, b"{}"), (2, huge))]
    assert queue.append(items, WIDE) == [True, True]
    queue.close()
    file, no_file = tmp_path / "delivery.json", tmp_path / "no"
    with running(settings) as receiver:
        wait_for(lambda: [row[5] > 0 for row in waiting_table(settings, 9).rows] == [True])
        (listed,) = json.loads(run(settings, "--json").stdout)
        assert any(
            "1 deliveries in the spool are rejected" in problem for problem in spool_problems(settings)
        )
        assert listed.pop("attempts") > 0
        assert listed == {
            "position": 2,
            "delivery_id": "id-2",
            "source": "popp",
            "received_at": NOW.isoformat(),
            "body_bytes": len(huge),
            "error": "MSG_SIZE_TOO_LARGE",
        }
        gone = run(settings, "remove", "id-1", str(no_file), "--reason", "r")
        assert (gone.returncode, "no delivery id-1 is in the spool" in gone.stderr, gone.stdout) == (
            2,
            True,
            "",
        )
        done = run(settings, "remove", "id-2", str(file), "--reason", "too large", "--json")
        assert (done.returncode, json.loads(done.stdout)["error"]) == (0, "MSG_SIZE_TOO_LARGE"), done.stderr
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
        assert run(settings, "list", "--json").stdout == "[]\n"
    assert file.read_bytes() == huge
    assert file.stat().st_mode & 0o077 == 0
    assert not no_file.exists()
    (row,) = json.loads(run(settings, "dead-letters", "--json").stdout)
    assert (row["reason"], row["body_sha256"]) == ("too large", hashlib.sha256(huge).hexdigest())
    found = spool_totals(settings)
    assert found is not None
    assert (found.appended, found.deleted, found.waiting, found.taken_out) == (2, 1, 0, 1)
    audited = run_audit(settings)
    assert audited.ok
    assert [(one.records, one.accepted) for one in audited.findings] == [(1, True)]
    lines = render(audited).splitlines()
    assert [line[:6] for line in lines] == ["OK    ", "WARN  ", "WARN  ", "WARN  "]
    assert lines[1] == "WARN  spool appended 2: drained 1, waiting 0, dead letters 1"
    assert lines[3] == "WARN  nothing else lost, nothing counted twice"
    plant(settings, "DELETE FROM taken_out")
    assert ["are gone: lost" in finding.problem for finding in audit_spool(settings)[1]] == [True]


def test_a_kill_before_the_commit_leaves_it_in_the_file_and_in_the_spool(settings_for: SettingsFor) -> None:
    settings = settings_for()
    spool(settings, 2, drained=0, age_seconds=60)
    file = settings.home / "delivery"
    child = os.fork()
    if not child:
        with patch("receiver.spool.dead_letters.os.close", lambda _: os.kill(os.getpid(), signal.SIGKILL)):
            remove(settings, "id-0", file, reason="r", now=NOW)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert file.read_bytes() == b"body"
    assert [row[1] for row in waiting_table(settings, 9).rows] == ["id-0", "id-1"]
    assert dead_letter_table(settings).rows == []
    with pytest.raises(UsageError, match=r"cannot be created \(File exists\); nothing was removed"):
        remove(settings, "id-0", file, reason="r", now=NOW)
    assert len(waiting_table(settings, 9).rows) == 2
    assert audit_spool(settings)[1] == ()


def test_the_oldest_are_listed_and_no_spool_is_an_empty_list(settings_for: SettingsFor) -> None:
    settings = settings_for()
    assert (waiting_table(settings, 9).rows, dead_letter_table(settings).rows) == ([], [])
    with pytest.raises(UsageError, match="no delivery id-0 is in the spool"):
        remove(settings, "id-0", settings.home / "file", reason="r", now=NOW)
    assert not spool_path(settings).exists()
    spool(settings, 5, drained=1, age_seconds=60)
    assert [row[0] for row in waiting_table(settings, 3).rows] == [2, 3, 4]
