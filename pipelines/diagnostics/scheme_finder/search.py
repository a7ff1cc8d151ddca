"""Search for the signature scheme of a captured request among likely schemes and known secrets."""

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
    candidates,
    parse_unix_time,
    unrepeated_headers,
)
from pipelines.diagnostics.scheme_finder.captured_request import CapturedRequest
from receiver.settings import PREFIX
from receiver.signatures import BasicAuth, HmacScheme, Scheme, StandardWebhooks, StaticToken, verify
from receiver.signatures.headers import RawHeaders, only
from receiver.signatures.hmac_scheme import ALGORITHMS, SEPARATORS, Algorithm, Encoding, Key, Separator
from receiver.signatures.primitives import decode_base64
from receiver.signatures.standard_webhooks import TOLERANCE_SECONDS

EPOCH = datetime.fromtimestamp(0, UTC)

_PREFIX = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]{0,23}(?:[=:,]| ))?")
"""Pattern of the prefix of a digest or token: empty, `sha256=`, `v1,`, `Bearer `."""


@dataclass(frozen=True, slots=True)
class SchemeMatch:
    """Scheme and secret with which the request verifies."""

    source: str
    key_id: str
    scheme: Scheme

    @property
    def weak(self) -> bool:
        """Return whether the scheme proves the sender only, because it does not sign the body."""
        return isinstance(self.scheme, StaticToken | BasicAuth)

    @property
    def setting(self) -> str:
        """Environment variable with value that configures the scheme."""
        return f"{PREFIX}SOURCES__{self.source.upper()}__SCHEME='{self.scheme}'"


class _DigestForm(NamedTuple):
    """Encoding, prefix and list separator of a digest in a header."""

    encoding: Encoding
    prefix: str
    items: Separator


class _Key(NamedTuple):
    """Secret, and the HMAC key bytes `raw` that it stands for in encoding `kind`."""

    secret: bytes
    kind: Key
    raw: bytes


@dataclass(slots=True)
class SearchCounts:
    """Numbers of headers, secrets, signed strings and digests that a search tried."""

    headers: int = 0
    secrets: int = 0
    signed_strings: int = 0
    digests: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """Result of a search; matches are sorted, strong before weak and simple before complex."""

    matches: list[SchemeMatch]
    tried: SearchCounts


def search(capture: CapturedRequest, secrets: Mapping[str, Mapping[str, bytes]]) -> Search:
    """Try every scheme with every secret; `secrets` are by source and key id.

    Each match has been verified by the code that the receiver uses.
    """
    values = unrepeated_headers(capture.headers)
    signed_strings = list(candidates(capture.headers, capture.body))
    tried = SearchCounts(len(values), sum(map(len, secrets.values())), len(signed_strings))
    found: dict[tuple[str, str, str], SchemeMatch] = {}
    for source, live in secrets.items():
        for key_id, secret in live.items():
            for scheme in _schemes(capture, values, signed_strings, secret, tried):
                found.setdefault((source, key_id, str(scheme)), SchemeMatch(source, key_id, scheme))
    return Search(sorted(found.values(), key=lambda match: (match.weak, len(str(match.scheme)))), tried)


def _schemes(
    capture: CapturedRequest,
    values: RawHeaders,
    signed_strings: list[Candidate],
    secret: bytes,
    tried: SearchCounts,
) -> Iterator[Scheme]:
    """Yield every scheme with which the request verifies under `secret`."""
    standard = StandardWebhooks()
    at = parse_unix_time(only(capture.headers, b"webhook-timestamp")) or EPOCH
    if _accepts_secret(standard, secret) and _verifies(standard, capture, secret, at):
        yield standard  # equivalent HMAC options need not be listed too
        return
    static_schemes: list[BasicAuth | StaticToken] = [BasicAuth(), *_token_schemes(values, secret)]
    for scheme in static_schemes:
        if _accepts_secret(scheme, secret) and _verifies(scheme, capture, secret, EPOCH):
            yield scheme
    for key in _hmac_keys(secret):
        for algorithm in ALGORITHMS:
            tried.digests += len(signed_strings)
            for candidate in signed_strings:
                yield from _hmac_schemes(capture, values, candidate, key, algorithm)


def _hmac_keys(secret: bytes) -> Iterator[_Key]:
    """Yield the HMAC keys that a secret can stand for: its text, and its base64-decoded bytes."""
    yield _Key(secret, "text", secret)
    with suppress(ValueError):
        raw = decode_base64(secret.removeprefix(b"whsec_"))
        if raw:
            yield _Key(secret, "base64", raw)


def _hmac_schemes(
    capture: CapturedRequest, values: RawHeaders, candidate: Candidate, key: _Key, algorithm: Algorithm
) -> Iterator[HmacScheme]:
    digest = hmac.digest(key.raw, candidate.message, algorithm)
    for name, value in values:
        if candidate.header not in {None, name}:
            continue
        for form in _digest_forms(value, digest, candidate.items):
            scheme = _hmac_scheme(candidate, name.decode("latin-1"), algorithm, key.kind, form)
            if scheme and _verifies(scheme, capture, key.secret, candidate.at or EPOCH):
                yield scheme


def _hmac_scheme(
    candidate: Candidate, header: str, algorithm: Algorithm, key: Key, form: _DigestForm
) -> HmacScheme | None:
    """Return the scheme, or None when it is invalid, such as with a header that signs itself."""
    with suppress(ValueError):
        return HmacScheme(
            header=header,
            algorithm=algorithm,
            encoding=form.encoding,
            prefix=form.prefix,
            items=form.items,
            key=key,
            signed=candidate.signed,
            timestamp=candidate.timestamp,
            tolerance_seconds=TOLERANCE_SECONDS if candidate.timestamp else None,
        )
    return None


def _digest_forms(value: bytes, digest: bytes, items: Separator) -> Iterator[_DigestForm]:
    """Yield how a header contains a digest: alone, or in the first kind of list that has it."""
    texts: tuple[tuple[Encoding, bytes, bytes], ...] = (
        ("hex", value.lower(), binascii.hexlify(digest)),
        ("base64", value, base64.b64encode(digest)),
    )
    for encoding, normalized, text in texts:
        if text not in normalized:
            continue
        tries: tuple[Separator, ...] = (items,) if items else ("", *SEPARATORS)
        for separator in tries:
            prefix = _prefix(value, normalized, text, separator)
            if prefix is not None:
                yield _DigestForm(encoding, prefix, separator)
                break


def _prefix(value: bytes, normalized: bytes, text: bytes, separator: Separator) -> str | None:
    """Return the prefix before `text` in a header or list item.

    `normalized` is `value` in the case of `text`. None when no item ends in `text` or the prefix is too long.
    """
    split = SEPARATORS.get(separator)
    pairs = zip(value.split(split), normalized.split(split), strict=True) if split else [(value, normalized)]
    for written, item in ((a.strip(), b.strip()) for a, b in pairs):
        before = written[: -len(text)].decode("latin-1")
        if item.endswith(text) and _PREFIX.fullmatch(before):
            return before
    return None


def _token_schemes(values: RawHeaders, secret: bytes) -> Iterator[StaticToken]:
    for name, value in values:
        before = value.removesuffix(secret).decode("latin-1")
        if name not in NOT_SIGNATURES and value.endswith(secret) and _PREFIX.fullmatch(before):
            yield StaticToken(name.decode("latin-1"), before)


def _accepts_secret(scheme: Scheme, secret: bytes) -> bool:
    try:
        scheme.check(secret)
    except ValueError:
        return False
    return True


def _verifies(scheme: Scheme, capture: CapturedRequest, secret: bytes, at: datetime) -> bool:
    return verify(scheme, {"k": secret}, capture.headers, capture.body, at) is not None
