"""A redacted body is the same event with the same counts, and holds nothing about a person."""

import hashlib
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.registry import contracts
from pipelines.decode.decoder import DecodeFailure, UntypedEvent
from pipelines.flatten.derived_tables import tables_of
from pipelines.flatten.frames import event_frames
from pipelines.load.ledger_rows import CommitInfo, ledger_frame
from pipelines.load.outcomes import decide
from pipelines.privacy.identifiers import identifiers_in, linked_identifiers
from pipelines.privacy.redaction import ADDRESS, redact
from tests.support.fixture_files import FILES, FOLDER
from tests.support.marked_documents import MARKER, marked
from tests.support.rows import LOADED_AT, decoded

CASES = [
    pytest.param(file.parent.name, json.loads(file.read_text())["body"], id=f"{file.parent.name}/{file.stem}")
    for file in FILES
]


def pseudonym(address: str) -> str:
    return "erased-" + hashlib.sha256(address.lower().encode()).hexdigest()[:16]


def frames(provider: str, body: bytes) -> dict[str, pl.DataFrame]:
    batch = decoded(body, provider=provider)
    decided = decide(batch, {})
    ledger = ledger_frame(batch, decided, CommitInfo(1, LOADED_AT))
    return event_frames(batch.decoded, ledger, decided.loaded, {})


def personal_columns() -> dict[str, set[str]]:
    """By event table; the identity of an event without an id is the ledger's after it was redacted."""
    found: dict[str, set[str]] = {"generic": {"payload"}}
    for provider, event_type in contracts():
        tables = tables_of(provider, event_type)
        for table in (tables.event, *tables.children):
            found[table.name] = {column.name for column in table.columns if column.personal}
    return found


def told(provider: str, body: bytes) -> dict[str, list[dict[str, Any]]]:
    """What event tables say apart from what is personal: of extras which there are."""
    varying = {"event_key", "delivery_id"}
    return {
        name: [
            {
                column: sorted(json.loads(value)) if column == "extras" and value else value
                for column, value in row.items()
                if column not in personal_columns()[name] | varying and not has_objects(column, value)
            }
            for row in frame.iter_rows(named=True)
        ]
        for name, frame in frames(provider, body).items()
    }


def has_objects(column: str, value: object) -> bool:
    """Return whether it is JSON of an undocumented shape, of which only ids, times and the like are kept."""
    return column != "extras" and isinstance(value, str) and value.startswith(("{", "[{"))


@pytest.mark.parametrize(("provider", "document"), CASES)
def test_the_event_stays_and_the_person_goes(provider: str, document: dict[str, Any]) -> None:
    body = json.dumps(marked(provider, document)).encode()
    once = redact(body, provider, pseudonym)
    assert MARKER.encode() in json.dumps(json.loads(body), ensure_ascii=False).encode()
    assert b"Marker" not in once
    assert told(provider, once) == told(provider, body)
    assert redact(once, provider, pseudonym) == once


@pytest.mark.parametrize(("provider", "document"), CASES)
def test_a_fixture_as_it_is_keeps_its_rows(provider: str, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    once = redact(body, provider, pseudonym)
    assert told(provider, once) == told(provider, body)
    personal = personal_columns()
    for name, frame in frames(provider, once).items():
        for column in personal[name] - {"payload"}:
            left = [value for value in frame[column].to_list() if value not in (None, "")]
            assert all(json.loads(value) == "" or value[0] in "[{" for value in left), (name, column)


def test_an_address_in_a_key_becomes_a_pseudonym_and_tells_apart() -> None:
    def failed(contact: str) -> bytes:
        data = {"recordId": contact, "organizationId": "o-1", "reason": f"no answer from {contact}."}
        return json.dumps(
            {"event": "WORKFLOW_CONTACT_RESOLUTION_FAILED", "eventId": contact, "data": data}
        ).encode()

    first, second = (redact(failed(f"{name}@x.test"), "popp", pseudonym) for name in ("ann", "bo"))
    keys = [json.loads(body)["data"]["recordId"] for body in (first, second)]
    assert keys == [pseudonym("ann@x.test"), pseudonym("bo@x.test")]
    assert b"@" not in first + second


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b'{"a": ', b"[" * 5000, b'"text of Ann"'])
def test_what_cannot_be_read_is_dropped_or_emptied(body: bytes) -> None:
    assert b"Ann" not in redact(body, "popp", pseudonym)
    assert redact(body, "nobody", pseudonym) == b""


def test_a_document_without_a_contract_keeps_ids_times_and_numbers_that_contracts_know() -> None:
    document = {
        "eventType": "NO_SHOW",
        "meetData": {
            "_id": "m-1",
            "time": "2026-04-01T10:00:00.000Z",
            "duration": 30,
            "markAsNoShow": True,
            "phone": 447700900000,
            "attendees": [{"_id": "a-1", "status": "ACTIVE", "name": "Ann", "emailId": "Ann@x.test"}],
        },
    }
    body = json.dumps(document).encode()
    assert isinstance(decoded(body, provider="orufy").decoded[0], UntypedEvent)
    left = json.loads(redact(body, "orufy", pseudonym))
    assert left["meetData"] == {
        "_id": "m-1",
        "time": "2026-04-01T10:00:00.000Z",
        "duration": 30,
        "markAsNoShow": True,
        "phone": 0,
        "attendees": [{"_id": "a-1", "status": "ACTIVE", "name": "", "emailId": ""}],
    }


def test_names_are_ids_and_addresses() -> None:
    data = {
        "recordId": "b-1",
        "organizationId": "o-1",
        "conversationId": "c-1",
        "note": "write to <Ann@X.test>, or https://x.test/?to=bo%40x.test.",
        "meetingDetails": {"startDateTime": "2026-04-01T10:00:00Z", "endDateTime": "2026-04-01T11:00:00Z"},
    }
    body = json.dumps({"event": "CALENDAR_MEETING_SCHEDULED", "eventId": "e", "data": data}).encode()
    (found,) = decoded(body).decoded
    assert not isinstance(found, DecodeFailure)
    assert identifiers_in(found, body) == {
        ("email", "ann@x.test"),
        ("email", "bo@x.test"),
        ("booking", "b-1"),
        ("conversation", "c-1"),
    }


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("pat.o'brien@example.test", "pat.o'brien@example.test"),
        ("x.test/?to=Pat.O'Brien%40example.test", "pat.o'brien@example.test"),
        ("to='ana@x.test'", "ana@x.test"),
        ("**ana@x.test**", "ana@x.test"),
        ("ana@x.test!", "ana@x.test"),
        ("`ana@x.test`", "ana@x.test"),
        ("\u201cana@x.test\u201d", "ana@x.test"),
        ("{'ana@x.test': 'it'}", "ana@x.test"),
    ],
)
def test_an_address_is_found_whole_however_a_text_has_it(text: str, address: str) -> None:
    body = json.dumps({"event": "X", "data": {"id": text}}).encode()
    emails = {value for kind, value in identifiers_in(decoded(body).decoded[0], body) if kind == "email"}
    assert emails == {address}
    once = redact(body, "popp", pseudonym)
    assert b"@" not in once
    assert b"brien" not in once
    assert redact(once, "popp", pseudonym) == once


@pytest.mark.parametrize("word", ["a", "a'", "a.", "a'.", "a'a."])
def test_a_long_word_beside_an_address_costs_no_more_than_its_length(word: str) -> None:
    text = word * (100_000 // len(word)) + " ana@x.test"
    assert ADDRESS.findall(text) == ["ana@x.test"]


def test_names_follow_documents_and_the_meeting_before() -> None:
    data = {"recordId": "c-1", "organizationId": "o-1"}
    document = json.dumps({"event": "DOCUMENT_UPLOADED", "eventId": "e", "data": data}).encode()
    assert linked_identifiers(decoded(document).decoded[0]) == {("conversation", "c-1")}
    booked = json.loads((FOLDER / "orufy" / "book.minimal.json").read_text())["body"]
    booked["meetData"] |= {"_id": "m-2", "prevMeetId": "m-1"}
    (found,) = decoded(json.dumps(booked).encode(), provider="orufy").decoded
    assert {("booking", "m-1"), ("booking", "m-2")} <= linked_identifiers(found)


documents: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(data=documents, event=st.sampled_from([*(kind for _, kind in contracts()), "NEW"]))
@settings(max_examples=150, deadline=None)
def test_any_document_can_be_redacted_once_and_stays_so(data: Any, event: str) -> None:
    for provider, body in (
        ("popp", {"event": event, "data": data}),
        ("orufy", {"eventType": event, "meetData": data}),
    ):
        once = redact(json.dumps(body).encode(), provider, pseudonym)
        assert redact(once, provider, pseudonym) == once
