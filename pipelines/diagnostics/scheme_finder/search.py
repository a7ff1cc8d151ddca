"""Finds how a captured request was signed: every likely scheme tried against the secrets that are known."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from pipelines.diagnostics.scheme_finder.candidates import (
    NOT_SIGNATURES,
    Candidate,
    at_time,
    candidates,
    values_once,
)
from pipelines.diagnostics.scheme_finder.captured_request import CapturedRequest
from receiver.settings import PREFIX
from receiver.signatures import BasicAuth, HmacScheme, Scheme, StandardWebhooks, StaticToken, verify
from receiver.signatures.headers import RawHeaders, only
from receiver.signatures.hmac_scheme import ALGORITHMS, SEPARATORS, Algorithm, Encoding, Key, Separator
from receiver.signatures.primitives import decode_base64
from receiver.signatures.standard_webhooks import TOLERANCE_SECONDS

EPOCH = datetime.fromtimestamp(0, UTC)

_BEFORE = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]{0,23}(?:[=:,]| ))?")
"""Prefix of a digest or a token: empty, `sha256=`, `v1,`, `Bearer `."""


@dataclass(frozen=True, slots=True)
class SchemeMatch:
    """A scheme under which the request is authentic. A weak one proves who called and no more."""

    source: str
    key_id: str
    scheme: Scheme

    @property
    def weak(self) -> bool:
        """Return whether anything could have been sent with the same proof."""
        return isinstance(self.scheme, StaticToken | BasicAuth)

    @property
    def setting(self) -> str:
        """Setting to paste."""
        return f"{PREFIX}SOURCES__{self.source.upper()}__SCHEME='{self.scheme}'"


class _Place(NamedTuple):
    """Encoding of a digest in a header."""

    encoding: Encoding
    prefix: str
    items: Separator


class _Key(NamedTuple):
    """A secret, and the HMAC key that it means."""

    secret: bytes
    kind: Key
    raw: bytes


@dataclass(slots=True)
class SearchCounts:
    """Extent of the search."""

    headers: int = 0
    secrets: int = 0
    signed_strings: int = 0
    digests: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """Matches, strong before weak, simple before complex."""

    matches: list[SchemeMatch]
    tried: SearchCounts


def search(capture: CapturedRequest, secrets: Mapping[str, Mapping[str, bytes]]) -> Search:
    """Try everything against every secret, by source and key id. Each match has been verified as a whole."""
    values = values_once(capture.headers)
    known = list(candidates(capture.headers, capture.body))
    tried = SearchCounts(len(values), sum(map(len, secrets.values())), len(known))
    found: dict[tuple[str, str, str], SchemeMatch] = {}
    for source, live in secrets.items():
        for key_id, secret in live.items():
            for scheme in _schemes(capture, values, known, secret, tried):
                found.setdefault((source, key_id, str(scheme)), SchemeMatch(source, key_id, scheme))
    return Search(sorted(found.values(), key=lambda match: (match.weak, len(str(match.scheme)))), tried)


def _schemes(
    capture: CapturedRequest, values: RawHeaders, known: list[Candidate], secret: bytes, tried: SearchCounts
) -> Iterator[Scheme]:
    """Every scheme under which `secret` proves the request."""
    standard = StandardWebhooks()
    at = at_time(only(capture.headers, b"webhook-timestamp")) or EPOCH
    if _fits(standard, secret) and _proved(standard, capture, secret, at):
        yield standard  # the same as HMAC with options would say no more
        return
    plain: list[BasicAuth | StaticToken] = [BasicAuth(), *_tokens(values, secret)]
    for scheme in plain:
        if _fits(scheme, secret) and _proved(scheme, capture, secret, EPOCH):
            yield scheme
    for key in _keys(secret):
        for algorithm in ALGORITHMS:
            tried.digests += len(known)
            for candidate in known:
                yield from _hmacs(capture, values, candidate, key, algorithm)


def _keys(secret: bytes) -> Iterator[_Key]:
    """The HMAC keys that a secret can mean."""
    yield _Key(secret, "text", secret)
    with suppress(ValueError):
        raw = decode_base64(secret.removeprefix(b"whsec_"))
        if raw:
            yield _Key(secret, "base64", raw)


def _hmacs(
    capture: CapturedRequest, values: RawHeaders, candidate: Candidate, key: _Key, algorithm: Algorithm
) -> Iterator[HmacScheme]:
    digest = hmac.digest(key.raw, candidate.message, algorithm)
    for name, value in values:
        if candidate.header not in {None, name}:
            continue
        for place in _places(value, digest, candidate.items):
            scheme = _hmac(candidate, name.decode("latin-1"), algorithm, key.kind, place)
            if scheme and _proved(scheme, capture, key.secret, candidate.at or EPOCH):
                yield scheme


def _hmac(
    candidate: Candidate, header: str, algorithm: Algorithm, key: Key, place: _Place
) -> HmacScheme | None:
    """The scheme, None where it would be none: a header that signs itself, say."""
    with suppress(ValueError):
        return HmacScheme(
            header=header,
            algorithm=algorithm,
            encoding=place.encoding,
            prefix=place.prefix,
            items=place.items,
            key=key,
            signed=candidate.signed,
            timestamp=candidate.timestamp,
            tolerance_seconds=TOLERANCE_SECONDS if candidate.timestamp else None,
        )
    return None


def _places(value: bytes, digest: bytes, items: Separator) -> Iterator[_Place]:
    """Position of a digest in a header: alone, or in the first list that contains it."""
    texts: tuple[tuple[Encoding, bytes, bytes], ...] = (
        ("hex", value.lower(), binascii.hexlify(digest)),
        ("base64", value, base64.b64encode(digest)),
    )
    for encoding, said, text in texts:
        if text not in said:
            continue
        tries: tuple[Separator, ...] = (items,) if items else ("", *SEPARATORS)
        for separator in tries:
            prefix = _prefix(value, said, text, separator)
            if prefix is not None:
                yield _Place(encoding, prefix, separator)
                break


def _prefix(value: bytes, said: bytes, text: bytes, separator: Separator) -> str | None:
    """Prefix before `text`; None where `text` is not at the end or the prefix is too long."""
    split = SEPARATORS.get(separator)
    pairs = zip(value.split(split), said.split(split), strict=True) if split else [(value, said)]
    for written, item in ((a.strip(), b.strip()) for a, b in pairs):
        before = written[: -len(text)].decode("latin-1")
        if item.endswith(text) and _BEFORE.fullmatch(before):
            return before
    return None


def _tokens(values: RawHeaders, secret: bytes) -> Iterator[StaticToken]:
    for name, value in values:
        before = value.removesuffix(secret).decode("latin-1")
        if name not in NOT_SIGNATURES and value.endswith(secret) and _BEFORE.fullmatch(before):
            yield StaticToken(name.decode("latin-1"), before)


def _fits(scheme: Scheme, secret: bytes) -> bool:
    try:
        scheme.check(secret)
    except ValueError:
        return False
    return True


def _proved(scheme: Scheme, capture: CapturedRequest, secret: bytes, at: datetime) -> bool:
    return verify(scheme, {"k": secret}, capture.headers, capture.body, at) is not None
