"""The rule of the door: signed is kept, and a body can say anything."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.envelope import DeliveryEnvelope
from receiver.providers.registry import providers
from receiver.rejections import NOT_AUTHENTIC
from receiver.signatures import StaticToken, sign
from receiver.sources import VerifiedSource
from receiver.verification import accept

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = b"whsec_b25lb25lb25l"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["event", "eventType", "type", "data", "meetData", "_id", "id", "recordId"]),
            inner,
        )
    ),
)
BODIES = st.binary() | (JSON | st.floats()).map(lambda value: json.dumps(value).encode())


def source(provider: str) -> VerifiedSource:
    known = providers()[provider]
    return VerifiedSource("here", known, known.scheme or StaticToken("x-secret-token"), {"k1": SECRET})


def taken(body: bytes, provider: str = "popp", **headers: str) -> DeliveryEnvelope:
    at = source(provider)
    signed = sign(at.scheme, SECRET, body, message_id="m", now=NOW) | headers
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in signed.items()]
    found = accept(at, raw, body, NOW, "id-1")
    assert isinstance(found, DeliveryEnvelope)
    return found


def popp(**data: Any) -> bytes:
    return json.dumps({"event": "SOMETHING", "data": data}).encode()


@pytest.mark.parametrize("provider", providers())
@given(body=BODIES)
def test_whatever_is_signed_is_kept_byte_for_byte(provider: str, body: bytes) -> None:
    envelope = taken(body, provider)
    assert (envelope.body, envelope.key_id, envelope.received_at) == (body, "k1", NOW)
    assert envelope.headers()
    assert envelope.key


@pytest.mark.parametrize("provider", providers())
@given(body=BODIES, headers=st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=90)), max_size=5))
def test_whatever_is_not_signed_is_refused(
    provider: str, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    assert accept(source(provider), headers, body, NOW, "id-1") is NOT_AUTHENTIC


@given(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9), JSON, JSON)
def test_events_of_one_entity_have_one_key(organization: str, entity: str, one: Any, other: Any) -> None:
    ids = {"organizationId": organization, "recordId": entity}
    assert taken(popp(**ids, extra=one)).key == taken(popp(**ids, other=other)).key


@pytest.mark.parametrize(
    ("provider", "document", "event_type", "key"),
    [
        ("popp", {"event": "E", "data": {"organizationId": "o", "recordId": "r"}}, "E", b"popp|o|r"),
        (
            "popp",
            {"event": "E", "data": {"organizationId": "o", "recordId": "r", "conversationId": "c"}},
            "E",
            b"popp|o|c",
        ),
        ("popp", {"event": 7, "data": {"organizationId": [], "recordId": "r"}}, None, b"popp||r"),
        ("popp", {"event": "E", "data": {"organizationId": "o"}}, "E", b"here"),
        ("popp", {"event": "E", "data": []}, None, b"here"),
        ("orufy", {"eventType": "BOOK", "meetData": {"_id": "m", "appId": "a"}}, "BOOK", b"orufy|a|m"),
        ("standard_webhooks", {"type": "a.b", "data": {"id": "x"}}, "a.b", b"standard_webhooks||x"),
    ],
)
def test_type_and_key(provider: str, document: Any, event_type: str | None, key: bytes) -> None:
    envelope = taken(json.dumps(document).encode(), provider)
    assert (envelope.event_type, envelope.key) == (event_type, key)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        b'{"data": {"recordId": "r", "x": Infinity}}',
        b'{"event":' + b"[" * 100_000,
        b'{"event":"\\ud800","data":{}}',
        b'{"a":1}{}',
    ],
)
def test_a_body_that_is_no_document_goes_by_its_source(body: bytes) -> None:
    envelope = taken(body)
    assert (envelope.event_type, envelope.key) == (None, b"here")


@pytest.mark.parametrize("event", ["x" * 201, "x" * 100_000, "", "a\nb", "\x00"])
def test_an_absurd_event_type_is_left_out(event: str) -> None:
    assert taken(json.dumps({"event": event, "data": {"recordId": "r"}}).encode()).event_type is None


def test_an_event_type_of_200_characters_is_kept() -> None:
    assert taken(json.dumps({"event": "x" * 200, "data": {}}).encode()).event_type == "x" * 200


@pytest.mark.parametrize(
    ("sent", "kept"), [("application/json", "application/json"), ("x" * 201, None), ("é", None)]
)
def test_the_content_type_is_kept_when_it_is_plain(sent: str, kept: str | None) -> None:
    assert taken(b"{}", content_type=sent).content_type == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("msg_2Lh9", "msg_2Lh9"), ("x" * 200, "x" * 200), ("x" * 201, None), ("é", None), ("a\tb", None)],
)
def test_the_message_id_is_kept_where_it_is_signed_and_plain(sent: str, kept: str | None) -> None:
    at = source("standard_webhooks")
    signed = sign(at.scheme, SECRET, b"{}", message_id="m", now=NOW)
    content = f"{sent}.{signed['webhook-timestamp']}.{{}}".encode()
    key = base64.b64decode(SECRET.removeprefix(b"whsec_"))
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    signed |= {"webhook-id": sent, "webhook-signature": f"v1,{signature}"}
    raw = [(name.encode(), value.encode()) for name, value in signed.items()]
    found = accept(at, raw, b"{}", NOW, "id-1")
    assert isinstance(found, DeliveryEnvelope)
    assert found.message_id == kept
    assert ("message_id" in dict(found.headers())) == (kept is not None)


def test_a_message_id_that_nobody_signed_is_not_kept() -> None:
    assert taken(b"{}", webhook_id="msg_1").message_id is None
