"""What status and audit say of the spool."""

import datetime as dt
import sqlite3

import pytest

from pipelines.ingest.topic import ensure_topic
from pipelines.operate.auditing import audit_spool, render, run_audit
from pipelines.operate.status import read_status
from pipelines.operate.status import render as render_status
from pipelines.settings import Settings
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.tables import create_tables
from receiver.queue import Bounds, Item, Queue
from receiver.spool import spool_path
from tests.conftest import SettingsFor
from tests.receiver.running import running

WIDE = Bounds(10**9, 10**6)
NOTE = b'{"provider": "popp", "key": "k"}'


def spool(settings: Settings, count: int, drained: int, age_seconds: float) -> None:
    """A spool as a receiver that is down has left it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    queue = Queue(spool_path(settings))
    at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_seconds)
    assert all(queue.append([Item(f"id-{n}", "popp", at, b"body", NOTE) for n in range(count)], WIDE))
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
    assert "spool     none" in render_status(status)
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
    assert "spool     waiting, waiting 2 (" in render_status(status)
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
    assert "spool in 3: drained 1, waiting 2" in render(found)
    plant(settings, harm)
    found = run_audit(settings)
    assert not found.ok
    assert [(one.check, one.problem, one.records) for one in found.findings] == [
        ("spool in = drained + waiting", problem, 1)
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
