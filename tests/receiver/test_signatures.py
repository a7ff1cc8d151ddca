"""Schemes: what is signed verifies, nothing else does, and no header raises."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.signatures import HmacBody, Scheme, StandardWebhooks, StaticToken, parse_scheme, sign, verify

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HMAC = HmacBody("x-signature")
SCHEMES: dict[Scheme, tuple[bytes, bytes]] = {
    HMAC: (b"one", b"two"),
    HmacBody("x-hub-signature-256", "sha256="): (b"one", b"two"),
    StaticToken("x-secret-token"): (b"one", b"two"),
    StandardWebhooks(): (b"whsec_b25lb25lb25l", b"whsec_dHdvdHdvdHdv"),
}
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"x-signature", b"webhook-id", b"webhook-timestamp", b"webhook-signature"])
        | st.binary(max_size=20),
        st.binary(max_size=80) | st.sampled_from([b"1795262400", b"v1,aaaa", b"v1,"]),
    ),
    max_size=6,
)


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def signed(scheme: Scheme, secret: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    return raw(sign(scheme, secret, body, message_id="msg_1", now=NOW))


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@given(body=st.binary())
def test_any_live_secret_verifies_and_names_its_key(scheme: Scheme, body: bytes) -> None:
    old, new = SCHEMES[scheme]
    live = {"old": old, "new": new}
    assert verify(scheme, live, signed(scheme, old, body), body, NOW) == "old"
    assert verify(scheme, live, signed(scheme, new, body), body, NOW) == "new"
    assert verify(scheme, {"new": new}, signed(scheme, old, body), body, NOW) is None


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if not isinstance(scheme, StaticToken)])
@given(body=st.binary(min_size=1), place=st.integers(min_value=0))
def test_one_flipped_bit_of_the_body_fails(scheme: Scheme, body: bytes, place: int) -> None:
    secret = SCHEMES[scheme][0]
    place %= len(body) * 8
    changed = bytearray(body)
    changed[place // 8] ^= 1 << place % 8
    assert verify(scheme, {"k": secret}, signed(scheme, secret, body), bytes(changed), NOW) is None


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@given(headers=HEADERS, body=st.binary())
def test_no_header_raises_or_gets_in(scheme: Scheme, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    assert verify(scheme, {"k": SCHEMES[scheme][0]}, headers, body, NOW) is None


def test_hex_of_a_known_digest() -> None:
    # RFC 4231, test case 2
    made = sign(HMAC, b"Jefe", b"what do ya want for nothing?", message_id="", now=NOW)
    assert made == {"x-signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}


def test_a_known_standard_webhooks_digest() -> None:
    # the example that the specification's libraries test with
    secret, body = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    made = sign(StandardWebhooks(), secret, body, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", now=at)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_doubled_header_is_not_authentic() -> None:
    once = signed(HMAC, b"one", b"body")
    assert verify(HMAC, {"k": b"one"}, once * 2, b"body", NOW) is None


def test_header_names_match_in_any_case() -> None:
    headers = [(name.upper(), value) for name, value in signed(HMAC, b"one", b"body")]
    assert verify(HMAC, {"k": b"one"}, headers, b"body", NOW) == "k"


def test_a_prefix_is_taken_only_where_it_is_configured() -> None:
    prefixed = [(b"x-signature", b"sha256=" + signed(HMAC, b"one", b"body")[0][1])]
    assert verify(HMAC, {"k": b"one"}, prefixed, b"body", NOW) is None
    assert verify(HmacBody("x-signature", "sha256="), {"k": b"one"}, prefixed, b"body", NOW) == "k"


@pytest.mark.parametrize(("seconds", "key_id"), [(299, "k"), (301, None), (-299, "k"), (-301, None)])
def test_standard_webhooks_refuses_another_time(seconds: int, key_id: str | None) -> None:
    scheme, secret = StandardWebhooks(), SCHEMES[StandardWebhooks()][0]
    headers = signed(scheme, secret, b"body")
    assert verify(scheme, {"k": secret}, headers, b"body", NOW + timedelta(seconds=seconds)) == key_id


def test_standard_webhooks_takes_one_good_signature_among_others() -> None:
    scheme, secret = StandardWebhooks(), SCHEMES[StandardWebhooks()][0]
    headers = dict(signed(scheme, secret, b"body"))
    headers[b"webhook-signature"] = b"v1a,xx v1,wrong " + headers[b"webhook-signature"]
    assert verify(scheme, {"k": secret}, list(headers.items()), b"body", NOW) == "k"


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("hmac-sha256:X-Signature", HMAC),
        ("hmac-sha256:x-signature:sha256=", HmacBody("x-signature", "sha256=")),
        ("token:X-Secret-Token", StaticToken("x-secret-token")),
        ("standard-webhooks", StandardWebhooks()),
    ],
)
def test_a_setting_names_a_scheme(text: str, scheme: Scheme) -> None:
    assert parse_scheme(text) == scheme


@pytest.mark.parametrize("text", ["", "hmac", "token", "token:", "token:a b", "token:a:b", "hmac-sha256:é"])
def test_a_setting_that_names_none_lists_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="standard-webhooks"):
        parse_scheme(text)
