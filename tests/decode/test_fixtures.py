"""Each fixture: a body and the rows it becomes. Complete both ways: contracts and fixtures."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.orufy.meeting import OrufyMeeting
from pipelines.contracts.registry import contracts
from tests.support.fixture_files import FILES
from tests.support.rows import rows_of

WITHOUT_CONTRACT = {"unknown"}
BOOKING = {
    "_id": "m-1",
    "appId": "app-1",
    "eventId": "et-9",
    "eventName": "Intro call",
    "time": "2026-04-01T10:00:00.000Z",
    "duration": 30,
    "type": "SOLO",
    "prevMeetId": "m-0",
    "cancellation": {},
    "reschedule": {"reason": "a clash"},
    "attendees": [{"_id": "at-1", "status": "ACTIVE", "cancellation": {}}],
    "payment": {"_id": "pay-1", "status": "PENDING", "amount": 15},
    "modeNote": {"a": "misfit of a guess"},
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_body_becomes_its_rows(file: Path) -> None:
    case = json.loads(file.read_text())
    assert rows_of(file.parent.name, json.dumps(case["body"]).encode()) == case["rows"]


def test_every_contract_has_a_fixture_and_every_fixture_a_contract() -> None:
    tested = {(file.parent.name, file.stem.split(".")[0]) for file in FILES}
    described = {(provider, contract.table) for (provider, _), contract in contracts().items()}
    assert {case for case in tested if case[1] not in WITHOUT_CONTRACT} == described


@pytest.mark.parametrize(
    "file", [f for f in FILES if ".seed" in f.stem], ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_examples_of_the_documents_fit_their_contracts_without_rest(file: Path) -> None:
    rows = rows_of(file.parent.name, json.dumps(json.loads(file.read_text())["body"]).encode())
    assert "generic" not in rows
    assert all("extras" not in row for row in rows[file.stem.split(".")[0]])


def orufy_rows(beside: dict[str, Any], within: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    body = {"eventType": "BOOK", **beside, "meetData": within}
    return rows_of("orufy", json.dumps(body).encode())


@settings(deadline=None)  # the first example also derives the tables
@given(st.sets(st.sampled_from(sorted(BOOKING))))
def test_where_orufy_puts_a_field_makes_no_difference(moved: set[str]) -> None:
    assert set(BOOKING) <= set(OrufyMeeting.__struct_encode_fields__)
    beside = {name: value for name, value in BOOKING.items() if name in moved}
    within = {name: value for name, value in BOOKING.items() if name not in moved}
    assert orufy_rows(beside, within) == orufy_rows({}, BOOKING)
