"""Signatures that others made, and ours before their eyes; where each comes from stands in the file."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from receiver.signatures import HmacScheme, StandardWebhooks, parse_scheme, sign, verify
from receiver.signatures.standard_webhooks import PRIVATE, PUBLIC, private_key, public_key
from tests.support.schemes import raw

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
SCHEME = StandardWebhooks()

Vector = dict[str, Any]


def headers(vector: Vector) -> list[tuple[bytes, bytes]]:
    names = {"webhook-id": "message_id", "webhook-timestamp": "timestamp", "webhook-signature": "signature"}
    return raw({name: str(vector[place]) for name, place in names.items()})


def test_every_vector_has_an_origin() -> None:
    assert set(VECTORS) == {"origins", *VECTORS["origins"]}


@pytest.mark.parametrize("vector", VECTORS["npm"], ids=lambda vector: vector["name"])
def test_the_npm_library_signs_as_we_do(vector: Vector) -> None:
    secret, body = vector["secret"].encode(), vector["body"].encode()
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    assert verify(SCHEME, {"k": secret}, headers(vector), body, at) == "k"
    assert verify(SCHEME, {"k": secret}, headers(vector), body + b" ", at) is None
    made = sign(SCHEME, secret, body, message_id=vector["message_id"], now=at)
    assert made["webhook-signature"] == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["node"], ids=lambda vector: vector["name"])
def test_ed25519_of_openssl_is_ours(vector: Vector) -> None:
    public, private = vector["public_key"].encode(), vector["private_key"].encode()
    body, at = vector["body"].encode(), datetime.fromtimestamp(vector["timestamp"], UTC)
    assert verify(SCHEME, {"k": public}, headers(vector), body, at) == "k"
    assert verify(SCHEME, {"k": public}, headers(vector), body + b" ", at) is None
    made = sign(SCHEME, private, body, message_id=vector["message_id"], now=at)
    assert made["webhook-signature"] == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["rfc8032"], ids=lambda vector: vector["message"][:4])
def test_ed25519_of_rfc_8032(vector: Vector) -> None:
    private, public, message, signature = (
        bytes.fromhex(vector[name]) for name in ("private", "public", "message", "signature")
    )
    key = private_key(PRIVATE + _base64(private))
    assert key.sign(message) == signature
    assert key.public_key().public_bytes_raw() == public
    public_key(PUBLIC + _base64(public)).verify(signature, message)
    assert private_key(PRIVATE + _base64(private + public)).private_bytes_raw() == private


@pytest.mark.parametrize("vector", VECTORS["rfc4231"] + VECTORS["rfc2202"])
def test_hmac_of_the_rfcs(vector: Vector) -> None:
    scheme = HmacScheme("x-signature", algorithm=vector["algorithm"])
    key, data = bytes.fromhex(vector["key"]), bytes.fromhex(vector["data"])
    made = sign(scheme, key, data, message_id="", now=datetime.now(UTC))
    assert made == {"x-signature": vector["digest"]}
    assert verify(scheme, {"k": key}, raw(made), data, datetime.now(UTC)) == "k"


@pytest.mark.parametrize("vector", VECTORS["documented"], ids=lambda vector: vector["name"])
def test_what_senders_document_verifies(vector: Vector) -> None:
    scheme, live = parse_scheme(vector["scheme"]), {"k": vector["secret"].encode()}
    body, at = vector["body"].encode(), datetime.fromtimestamp(vector["timestamp"], UTC)
    assert verify(scheme, live, raw(vector["headers"]), body, at) == "k"
    assert verify(scheme, live, raw(vector["headers"]), body + b" ", at) is None


@given(st.binary(min_size=1, max_size=64), st.from_regex(r"[a-zA-Z0-9._-]{1,40}", fullmatch=True), st.text())
def test_the_pypi_library_and_we_take_each_other(key: bytes, message_id: str, body: str) -> None:
    now = datetime.now(UTC)
    secret = "whsec_" + _base64(key).decode()
    theirs = Webhook(secret).sign(message_id, now, body)
    ours = sign(SCHEME, secret.encode(), body.encode(), message_id=message_id, now=now)
    sent = raw({**ours, "webhook-signature": theirs})
    assert verify(SCHEME, {"k": secret.encode()}, sent, body.encode(), now) == "k"
    Webhook(secret).verify(body.encode(), ours, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.encode() + b" ", ours, json_parse=False)


def test_the_pypi_library_has_the_same_tolerance() -> None:
    secret, body = "whsec_" + _base64(b"k" * 24).decode(), b"{}"
    for age, fits in ((290, True), (310, False), (-290, True), (-310, False)):
        at = datetime.now(UTC) - timedelta(seconds=age)
        ours = sign(SCHEME, secret.encode(), body, message_id="m", now=at)
        assert (verify(SCHEME, {"k": secret.encode()}, raw(ours), body, datetime.now(UTC)) == "k") is fits
        if fits:
            Webhook(secret).verify(body, ours)
        else:
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, ours)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data)
