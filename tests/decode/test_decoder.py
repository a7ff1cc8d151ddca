"""What is no event is rejected with every reason, and nothing a sender writes breaks the decoder."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decode.decoder import MAX_DEPTH, Decoded, DecodeFailure, TypedEvent, UntypedEvent, decoder_of
from pipelines.decode.event_key import parse_json
from pipelines.decode.validation import problems_of
from tests.support.fixture_files import POPP_EVENTS


def decode(body: bytes) -> Decoded:
    decoder = decoder_of("popp")
    assert decoder is not None
    return decoder.decode(body)


@pytest.mark.parametrize(
    ("body", "stage", "path"),
    [
        (b"", "json", "$"),
        (b"\xff\xfe", "json", "$"),
        (b"\xef\xbb\xbf{}", "json", "$"),
        (b'{"event":"X"}{"event":"Y"}', "json", "$"),
        (b'{"event":"X","data":{"organizationId":"\\ud800"}}', "json", "$"),
        (b"[" * 100_000, "json", "$"),
        (b"[1]", "identity", "$"),
        (b"null", "identity", "$"),
        (b'{"event":"X","data":{}}', "identity", "$.data.organizationId"),
        (b'{"event":"","data":{"organizationId":"o"}}', "identity", "$.event"),
        (b'{"event":"X","eventId":5,"data":{"organizationId":"o"}}', "identity", "$.eventId"),
        (b'{"event":"CONVERSATION_QUEUED","data":{"organizationId":"o"}}', "contract", "$.data.recordId"),
    ],
)
def test_reject_says_stage_and_path(body: bytes, stage: str, path: str) -> None:
    found = decode(body)
    assert isinstance(found, DecodeFailure)
    assert (found.stage, found.problems[0].path) == (stage, path)


def test_every_reason_is_given_and_none_quotes_a_value() -> None:
    body = {
        "event": "CALENDAR_MEETING_SCHEDULED",
        "eventTimestamp": "2026-01-01T00:00:00",
        "data": {
            "organizationId": "o",
            "meetingDetails": {"startDateTime": "tomorrow, says Ana", "participants": [{"email": 1}, "Ana"]},
        },
    }
    found = decode(json.dumps(body).encode())
    assert isinstance(found, DecodeFailure)
    assert [problem.path for problem in found.problems] == [
        "$.eventTimestamp",
        "$.data.recordId",
        "$.data.meetingDetails.startDateTime",
        "$.data.meetingDetails.endDateTime",
        "$.data.meetingDetails.participants[0].email",
        "$.data.meetingDetails.participants[1]",
    ]
    assert "Ana" not in str(found.problems)


@pytest.mark.parametrize("value", ["87.5", True, 2**53 + 1, -(2**53) - 1, 10**30, [], {"a": 1}])
def test_a_score_of_another_type_is_never_bent_into_a_number(value: object) -> None:
    data = {"recordId": "c", "organizationId": "o", "scorecardTotalValue": value}
    found = decode(json.dumps({"event": "CONVERSATION_COMPLETED", "data": data}).encode())
    assert isinstance(found, DecodeFailure)
    assert [problem.path for problem in found.problems] == ["$.data.scorecardTotalValue"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer(body: bytes) -> None:
    assert isinstance(decode(body), (TypedEvent, UntypedEvent, DecodeFailure))


@given(st.sampled_from(POPP_EVENTS), st.data())
def test_a_field_of_any_value_is_loaded_as_it_is_or_rejected_at_its_path(
    file: Any, data: st.DataObject
) -> None:
    body = json.loads(file.read_text())["body"]
    place = data.draw(st.sampled_from(["top", "data"]))
    parent = body if place == "top" else body["data"]
    name = data.draw(st.sampled_from(sorted(parent)))
    parent[name] = data.draw(JSON_VALUES)
    try:
        raw = json.dumps(body).encode()
        found = decode(raw)
    except UnicodeEncodeError:
        return
    if isinstance(found, DecodeFailure):
        assert found.problems
    elif isinstance(found, TypedEvent) and found.extras is None:
        again = msgspec.json.decode(msgspec.json.encode(found.document))
        assert problems_of(again, type(found.document)) == []


@given(st.dictionaries(st.text(min_size=1), JSON_VALUES, max_size=4))
def test_unknown_fields_are_all_kept(unknown: dict[str, Any]) -> None:
    data = {"recordId": "c", "organizationId": "o"}
    added = {name: value for name, value in unknown.items() if name[0] not in "cerop"}
    body = json.dumps({"event": "CONVERSATION_QUEUED", "eventId": "e", "data": {**data, **added}}).encode()
    found = decode(body)
    if isinstance(found, DecodeFailure):
        assert found.stage == "json"  # a lone surrogate or a number beyond a double
    else:
        assert isinstance(found, TypedEvent)
        assert sorted(map(repr, (found.extras or {}).values())) == sorted(map(repr, _sent(added)))


def _sent(values: dict[str, Any]) -> list[Any]:
    return list(parse_json(json.dumps(values)).values())


def test_key_is_of_the_event_not_of_the_way_it_came() -> None:
    first = decode(b'{"event":"A","eventId":"e1","data":{"organizationId":"o1"}}').identity
    again = decode(b'{ "data": {"organizationId":"o1", "x": 1}, "eventId":"e1", "event":"A" }').identity
    other = decode(b'{"event":"A","eventId":"e1","data":{"organizationId":"o2"}}').identity
    assert first.event_key == again.event_key != other.event_key
    assert first.key_kind == "event_id"


def test_without_an_event_id_the_key_is_of_the_document() -> None:
    first = decode(b'{"event":"A","data":{"organizationId":"o1","n":1}}').identity
    again = decode(b'{"data":{"n":1,"organizationId":"o1"},"event":"A"}').identity
    other = decode(b'{"event":"A","data":{"organizationId":"o1","n":2}}').identity
    assert first.event_key == again.event_key != other.event_key
    assert first.key_kind == "body"


def test_what_is_nested_without_end_is_refused_before_it_can_stop_a_loader() -> None:
    for levels in (MAX_DEPTH + 1, 500, 980, 1_005, 100_000):
        nest = b"[" * levels + b"]" * levels
        data = b'{"recordId":"c","organizationId":"o","x":' + nest + b"}"
        found = decode(b'{"event":"CONVERSATION_QUEUED","data":' + data + b"}")
        assert isinstance(found, DecodeFailure)
        assert found.stage == "json"


def test_two_places_never_share_a_path() -> None:
    body = {
        "event": "CONVERSATION_QUEUED",
        "data.new": 1,
        "data": {"recordId": "c", "organizationId": "o", "new": 2},
    }
    found = decode(json.dumps(body).encode())
    assert isinstance(found, TypedEvent)
    assert found.extras == {'$["data.new"]': 1, "$.data.new": 2}


def test_an_unknown_number_keeps_its_digits_and_tells_two_bodies_apart() -> None:
    body = b'{"event":"CONVERSATION_QUEUED","data":{"recordId":"c","organizationId":"o","x":%s}}'
    one, other = (decode(body % digits) for digits in (b"12345.678901234567889", b"12345.678901234567888"))
    assert isinstance(one, TypedEvent)
    assert str((one.extras or {})["$.data.x"]) == "12345.678901234567889"
    assert one.identity.event_key != other.identity.event_key


def test_a_guess_that_is_set_aside_is_kept_whole_as_it_was_sent() -> None:
    attendees = [{"_id": "a", "status": 5, "new": {"x": 1}}, "nobody"]
    body = json.dumps({"eventType": "BOOK", "meetData": {"_id": "m", "attendees": attendees}}).encode()
    decoder = decoder_of("orufy")
    assert decoder is not None
    found = decoder.decode(body)
    assert isinstance(found, TypedEvent)
    assert found.extras == {"$.meetData.attendees": attendees}
