"""Schemes: what is signed verifies, nothing else does, and no header raises."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from receiver.signatures import BasicAuth, HmacScheme, Scheme, StandardWebhooks, StaticToken, sign, verify
from receiver.signatures.signed_template import TemplatePart
from tests.support.schemes import HMAC, NOW, SCHEMES, STRIPE, TIMED, public_half, raw, secret_for, signed

EXAMPLES = [HMAC, TIMED, STRIPE, StaticToken("x-token"), BasicAuth(), StandardWebhooks()]
WHSEC = b"whsec_b25lb25lb25l"
SEEDS = st.binary(min_size=32, max_size=32)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            b"x-signature webhook-id webhook-timestamp webhook-signature authorization "
            b"stripe-signature x-slack-signature x-slack-request-timestamp x-token".split()
        )
        | st.binary(max_size=20),
        st.binary(max_size=80)
        | st.sampled_from(
            [b"1795262400", b"v1,aaaa", b"v1a,!", b"v1a,", b"t=1795262400,v1=", b"Basic =", b","]
        ),
    ),
    max_size=6,
)


@given(SCHEMES, SEEDS, SEEDS, st.binary())
def test_any_live_secret_verifies_and_names_its_key(
    scheme: Scheme, one: bytes, other: bytes, body: bytes
) -> None:
    assume(one[:31] != other[:31])
    old, new = secret_for(scheme, one), secret_for(scheme, other)
    live = {"old": public_half(old), "new": public_half(new)}
    scheme.check(live["old"])
    assert verify(scheme, live, signed(scheme, old, body), body, NOW) == "old"
    assert verify(scheme, live, signed(scheme, new, body), body, NOW) == "new"
    assert verify(scheme, {"new": live["new"]}, signed(scheme, old, body), body, NOW) is None


@given(SCHEMES, SEEDS, st.binary(min_size=1), st.integers(min_value=0))
def test_one_flipped_bit_of_the_body_fails(scheme: Scheme, seed: bytes, body: bytes, place: int) -> None:
    assume(isinstance(scheme, HmacScheme | StandardWebhooks))
    assume(not isinstance(scheme, HmacScheme) or all(part.kind != "compact-body" for part in scheme.signed))
    secret, place = secret_for(scheme, seed), place % (len(body) * 8)
    changed = bytearray(body)
    changed[place // 8] ^= 1 << place % 8
    headers = signed(scheme, secret, body)
    assert verify(scheme, {"k": public_half(secret)}, headers, bytes(changed), NOW) is None


@given(SCHEMES, SEEDS, st.binary(), st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_of_what_proves_it_fails(
    scheme: Scheme, seed: bytes, body: bytes, place: int, change: int
) -> None:
    """The last header is the proof; the case of hex digits and of `Basic`, and a prefix, prove nothing."""
    secret = secret_for(scheme, seed)
    *others, (name, value) = signed(scheme, secret, body)
    digits = 6 if isinstance(scheme, BasicAuth) else len(value) - 20
    place = digits + place % (len(value) - digits)
    changed = value[:place] + bytes([value[place] ^ change]) + value[place + 1 :]
    assume(changed.lower() != value.lower())
    headers = [*others, (name, changed)]
    assert verify(scheme, {"k": public_half(secret)}, headers, body, NOW) is None


@given(SCHEMES, SEEDS, st.binary(), st.integers(0, 30), st.integers(1, 255))
def test_one_changed_byte_of_the_secret_fails(
    scheme: Scheme, seed: bytes, body: bytes, place: int, change: int
) -> None:
    place = max(place, 1)  # the first byte chooses the kind of key
    other = seed[:place] + bytes([seed[place] ^ change]) + seed[place + 1 :]
    headers = signed(scheme, secret_for(scheme, seed), body)
    assert verify(scheme, {"k": public_half(secret_for(scheme, other))}, headers, body, NOW) is None


@pytest.mark.parametrize("scheme", EXAMPLES, ids=str)
@given(headers=HEADERS, body=st.binary(), seed=SEEDS)
def test_no_header_raises_or_gets_in(
    scheme: Scheme, headers: list[tuple[bytes, bytes]], body: bytes, seed: bytes
) -> None:
    live = {"k": public_half(secret_for(scheme, seed))}
    assert verify(scheme, live, headers, body, NOW) is None


@pytest.mark.parametrize("scheme", EXAMPLES, ids=str)
def test_a_doubled_header_is_not_authentic(scheme: Scheme) -> None:
    secret = secret_for(scheme, b"\1" * 32)
    once = signed(scheme, secret, b"body")
    assert verify(scheme, {"k": secret}, once, b"body", NOW) == "k"
    for name, value in once:
        assert verify(scheme, {"k": secret}, [*once, (name.upper(), value)], b"body", NOW) is None
        assert verify(scheme, {"k": secret}, [*once, (name, b"another")], b"body", NOW) is None


@pytest.mark.parametrize("scheme", EXAMPLES, ids=str)
def test_header_names_match_in_any_case(scheme: Scheme) -> None:
    secret = secret_for(scheme, b"\1" * 32)
    headers = [(name.upper(), value) for name, value in signed(scheme, secret, b"body")]
    assert verify(scheme, {"k": secret}, headers, b"body", NOW) == "k"


def test_hex_may_come_in_upper_case_and_base64_may_not() -> None:
    for encoding, key_id in (("hex", "k"), ("base64", None)):
        scheme = HmacScheme("x-signature", encoding="hex" if encoding == "hex" else "base64")
        shouted = [(name, value.upper()) for name, value in signed(scheme, b"one", b"body")]
        assert verify(scheme, {"k": b"one"}, shouted, b"body", NOW) == key_id


def test_a_prefix_is_taken_only_where_it_is_configured() -> None:
    prefixed = [(b"x-signature", b"sha256=" + signed(HMAC, b"one", b"body")[0][1])]
    assert verify(HMAC, {"k": b"one"}, prefixed, b"body", NOW) is None
    assert verify(HmacScheme("x-signature", prefix="sha256="), {"k": b"one"}, prefixed, b"body", NOW) == "k"


def test_a_token_needs_its_prefix() -> None:
    bearer = StaticToken("authorization", "Bearer ")
    assert verify(bearer, {"k": b"one"}, [(b"authorization", b"Bearer one")], b"", NOW) == "k"
    assert verify(bearer, {"k": b"one"}, [(b"authorization", b"one")], b"", NOW) is None


@pytest.mark.parametrize(("seconds", "key_id"), [(299, "k"), (301, None), (-299, "k"), (-301, None)])
@pytest.mark.parametrize("scheme", [StandardWebhooks(), TIMED, STRIPE], ids=str)
def test_another_time_is_refused(scheme: Scheme, seconds: int, key_id: str | None) -> None:
    secret = secret_for(scheme, b"\1" * 32)
    headers = signed(scheme, secret, b"body")
    assert verify(scheme, {"k": secret}, headers, b"body", NOW + timedelta(seconds=seconds)) == key_id


def test_a_time_in_milliseconds_is_one_too() -> None:
    untimed = HmacScheme(TIMED.header, prefix="v0=", signed=TIMED.signed)
    at = str(int(NOW.timestamp() * 1000) + 250)
    headers = raw(sign(untimed, b"one", b"body", message_id=at, now=NOW))
    assert verify(TIMED, {"k": b"one"}, headers, b"body", NOW) == "k"
    assert verify(TIMED, {"k": b"one"}, headers, b"body", NOW + timedelta(seconds=301)) is None


def test_one_good_signature_among_others_is_enough() -> None:
    headers = dict(signed(StandardWebhooks(), WHSEC, b"body"))
    headers[b"webhook-signature"] = b"v1a,xx v1,wrong " + headers[b"webhook-signature"]
    assert verify(StandardWebhooks(), {"k": WHSEC}, list(headers.items()), b"body", NOW) == "k"
    listed = dict(signed(STRIPE, b"one", b"body"))
    listed[b"stripe-signature"] = listed[b"stripe-signature"].replace(b",", b",v0=no,v1=00, ")
    assert verify(STRIPE, {"k": b"one"}, list(listed.items()), b"body", NOW) == "k"


def test_a_body_signed_after_its_blanks_were_taken_out() -> None:
    scheme = HmacScheme("x-signature", signed=(TemplatePart("compact-body"),))
    headers = signed(HMAC, b"one", b'{"a b":[1,"\\" \\\\"],"c":{}}')
    assert verify(scheme, {"k": b"one"}, headers, b'{ "a b" : [1,\n\t"\\" \\\\" ],"c": {}}\r\n', NOW) == "k"
    assert verify(scheme, {"k": b"one"}, headers, b'{"ab":[1,"\\" \\\\"],"c":{}}', NOW) is None
    assert verify(HMAC, {"k": b"one"}, headers, b'{"a b": [1,"\\" \\\\"],"c":{}}', NOW) is None


def test_taking_blanks_out_costs_no_more_for_a_body_made_to_hurt() -> None:
    scheme = HmacScheme("x-signature", signed=(TemplatePart("compact-body"),))
    for hurting in (b'"' + b'\\"' * 400_000, b'"\\' * 400_000, b" " * 900_000, b'" ' * 400_000):
        assert verify(scheme, {"k": b"one"}, [(b"x-signature", b"0")], hurting, NOW) is None


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        (StandardWebhooks(), b"no base64!"),
        (StandardWebhooks(), b"whsec_"),
        (StandardWebhooks(), b"whpk_AAAA"),
        (StandardWebhooks(), b"whsk_AAAA"),
        (StandardWebhooks(), b"whsk_" + b"A" * 84 + b"Ag=="),
        (HmacScheme("x", key="base64"), b"no base64!"),
        (HmacScheme("x", key="base64"), b"whsec_"),
        (HmacScheme("x"), b""),
        (StaticToken("x"), b"a\nb"),
        (StaticToken("x"), b" a"),
        (BasicAuth(), b"no-colon"),
        (BasicAuth(), b"user:"),
    ],
)
def test_a_secret_that_does_not_fit(scheme: Scheme, secret: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        scheme.check(secret)


def test_a_public_key_verifies_and_does_not_sign() -> None:
    with pytest.raises(ValueError, match="whsk_"):
        signed(StandardWebhooks(), public_half(b"whsk_" + b"A" * 43 + b"="), b"body")


def test_a_public_key_is_never_an_hmac_key() -> None:
    public = public_half(b"whsk_" + b"A" * 43 + b"=")
    forged = signed(StandardWebhooks(), b"whsec_" + public.removeprefix(b"whpk_"), b"body")
    assert verify(StandardWebhooks(), {"k": public}, forged, b"body", NOW) is None
