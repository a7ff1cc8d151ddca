"""A signed webhook becomes the rows that its fixture expects, through every real part."""

import json
from typing import Any

import pytest

from pipelines import connect
from pipelines.admin.audit import audit
from pipelines.host.values import to_json_value
from pipelines.ingest.topic_admin import ensure_topic, topic_info, watermarks
from pipelines.load.session import LoadPolicy
from pipelines.runtime.stream.stream import run_stream
from tests.support.fixture_files import POPP_EVENTS
from tests.support.rows import VARYING
from tests.support.running import running
from tests.support.settings_for import SettingsFor

RECEIVED = {"occurred_at"}
"""Columns that hold the time of receipt where the body has no time of its own."""


def test_every_documented_event_arrives(settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    cases = {file.stem: json.loads(file.read_text()) for file in POPP_EVENTS if file.parent.name == "popp"}
    with running(settings) as receiver:
        answers = [receiver.post(json.dumps(case["body"]).encode()) for case in cases.values()]
    assert [answer.status for answer in answers] == [200] * len(cases)
    run_stream(settings, LoadPolicy(), until_caught_up=True)
    monkeypatch.setenv("HIRESTREAM_HOME", str(settings.home))
    con = connect()
    for name, case in cases.items():
        for table, expected in case["rows"].items():
            assert_rows(con, table, expected, name)
    topic = topic_info(settings.kafka)
    assert topic is not None
    found = audit(con, topic, lambda: watermarks(settings.kafka, topic))
    assert (found.findings, found.totals.loaded, found.totals.waiting) == ((), len(cases), 0)


def assert_rows(con: Any, table: str, expected: list[dict[str, Any]], case: str) -> None:
    """Each expected row is in the table; rows of other cases may be there too."""
    result = con.execute(f"SELECT * FROM wh.events.{table}")
    names = [column[0] for column in result.description]
    rows = [_shown(dict(zip(names, row, strict=True))) for row in result.fetchall()]
    for row in expected:
        wanted = _without_receipt(row)
        assert wanted in [_without_receipt(found) for found in rows], f"{case}: {table}"


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: to_json_value(value) for name, value in row.items() if name not in VARYING and value is not None
    }


def _without_receipt(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("occurred_at_basis") != "received_at":
        return row
    return {name: value for name, value in row.items() if name not in RECEIVED}
