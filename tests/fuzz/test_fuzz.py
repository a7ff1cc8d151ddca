"""Whatever is sent ends as a row, a duplicate or a reject with its reason, and no value is changed."""

import json
from typing import Any

import pytest

from pipelines.flatten.derived_tables import tables_of
from tests.fuzz.oracle import changed_values
from tests.fuzz.run import SOURCES, fuzz
from tests.support.rows import rows_of
from tests.support.settings_for import SettingsFor

PER_EVENT = 200
TABLES = tables_of("popp", "CONVERSATION_MAX_NUDGES_REACHED")
TABLE = TABLES.event.name
BODY: dict[str, Any] = {
    "event": "CONVERSATION_MAX_NUDGES_REACHED",
    "eventId": "e-1",
    "data": {"recordId": "c-1", "organizationId": "o-1", "nudgesSent": 2, "more": [1.5, {"deep": True}]},
}


def test_two_hundred_mutants_of_every_event(settings_for: SettingsFor) -> None:
    found = fuzz(settings_for(sources=SOURCES), PER_EVENT, seed="ci")
    assert found.wrong == []
    assert set(found.statuses) == {200}
    assert found.totals.total() == found.sent
    assert all(counts["loaded"] and counts["quarantined"] for counts in found.by_event.values())
    assert all(counts.total() > PER_EVENT for counts in found.by_kind.values())


@pytest.mark.parametrize(
    ("column", "value"), [("nudges_sent", 3), ("nudges_sent", None), ("extras", None), ("campaign_id", "x")]
)
def test_a_changed_value_is_seen(column: str, value: object) -> None:
    body = json.dumps(BODY).encode()
    (row,) = rows_of("popp", body)[TABLE]
    row = dict.fromkeys(column.name for column in TABLES.event.columns) | row
    assert changed_values("popp", body, {TABLE: [row]}) == []
    assert changed_values("popp", body, {TABLE: [row | {column: value}]}) != []
