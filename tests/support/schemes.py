"""Some schemes by name, every kind of scheme as hypothesis makes it, and secrets that fit."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from receiver.signatures import BasicAuth, HmacScheme, Scheme, StandardWebhooks, StaticToken, sign
from receiver.signatures.hmac_scheme import ALGORITHMS, ENCODINGS, KEYS, SEPARATORS, Separator
from receiver.signatures.signed_template import RAW_BODY, REFERENCES, Signed, TemplatePart

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MESSAGE_ID = "msg_1"

HMAC = HmacScheme("x-signature")
TIMED = HmacScheme(
    "x-slack-signature",
    prefix="v0=",
    signed=(
        TemplatePart("text", "v0:"),
        TemplatePart("header", "x-slack-request-timestamp"),
        TemplatePart("text", ":"),
        TemplatePart("body"),
    ),
    timestamp=TemplatePart("header", "x-slack-request-timestamp"),
    tolerance_seconds=300,
)
STRIPE = HmacScheme(
    "stripe-signature",
    prefix="v1=",
    items="comma",
    signed=(TemplatePart("item", "t"), TemplatePart("text", "."), TemplatePart("body")),
    timestamp=TemplatePart("item", "t"),
    tolerance_seconds=300,
)

NAMES = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32), max_size=8)
PREFIXES = TEXTS.map(lambda text: text.lstrip(" \t").replace(",", ""))
SECONDS = st.integers(1, 10**9 - 1)
BODIES = st.sampled_from([TemplatePart("body"), TemplatePart("compact-body")])


def _named(kind: str) -> st.SearchStrategy[TemplatePart]:
    return NAMES.map(lambda name: TemplatePart("header" if kind == "header" else "item", name))


@st.composite
def signed_parts(draw: st.DrawFn, *, lists: bool) -> Signed:
    """A template with one body; texts that stand side by side are one, as the parser makes them."""
    others = st.lists(
        (TEXTS.filter(bool).map(lambda text: TemplatePart("text", text)) | _named("header"))
        | (_named("item") if lists else st.nothing()),
        max_size=4,
    )
    parts = [*draw(others), draw(BODIES), *draw(others)]
    kept = [
        part
        for number, part in enumerate(parts)
        if not (part.kind == "text" and number and parts[number - 1].kind == "text")
    ]
    return tuple(kept)


@st.composite
def hmacs(draw: st.DrawFn) -> HmacScheme:
    """Any HMAC scheme that can be."""
    items: Separator = draw(st.sampled_from(["", *SEPARATORS]))
    header, prefix = draw(NAMES), draw(PREFIXES).replace(" ", "")
    signed: Signed = draw(st.just(RAW_BODY) | signed_parts(lists=bool(items)))
    signed = tuple(
        part
        for part in signed
        if not (part.kind == "header" and part.value == header)
        and not (part.kind == "item" and prefix.startswith(f"{part.value}="))
    )
    references = [part for part in signed if part.kind in REFERENCES]
    timestamp = draw(st.none() | st.sampled_from(references)) if references else None
    return HmacScheme(
        header=header,
        algorithm=draw(st.sampled_from(ALGORITHMS)),
        encoding=draw(st.sampled_from(ENCODINGS)),
        prefix=prefix,
        items=items,
        key=draw(st.sampled_from(KEYS)),
        signed=_merged(signed),
        timestamp=timestamp,
        tolerance_seconds=draw(SECONDS) if timestamp else None,
    )


def _merged(signed: Signed) -> Signed:
    merged: list[TemplatePart] = []
    for part in signed:
        if part.kind == "text" and merged and merged[-1].kind == "text":
            merged[-1] = TemplatePart("text", merged[-1].value + part.value)
        else:
            merged.append(part)
    return tuple(merged)


SCHEMES: st.SearchStrategy[Scheme] = st.one_of(
    hmacs(),
    st.builds(StaticToken, NAMES, PREFIXES),
    st.just(BasicAuth()),
    st.builds(StandardWebhooks, SECONDS),
)


def secret_for(scheme: Scheme, seed: bytes) -> bytes:
    """A secret of the scheme's kind, another for another seed of 32 bytes."""
    if isinstance(scheme, StandardWebhooks):
        return (b"whsec_" if seed[0] % 2 else b"whsk_") + base64.b64encode(seed)
    if isinstance(scheme, BasicAuth):
        return b"user:" + seed.hex().encode()
    if isinstance(scheme, HmacScheme) and scheme.key == "text":
        return seed
    return base64.b64encode(seed)


def public_half(secret: bytes) -> bytes:
    """What the verifying side is given: of a private key the public one, else the secret itself."""
    if not secret.startswith(b"whsk_"):
        return secret
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret[5:]))
    return b"whpk_" + base64.b64encode(key.public_key().public_bytes_raw())


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they stand on the wire."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def signed(scheme: Scheme, secret: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a delivery."""
    return raw(sign(scheme, secret, body, message_id=MESSAGE_ID, now=NOW))
