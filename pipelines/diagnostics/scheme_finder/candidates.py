"""Candidates for the signed string: the body, alone or joined with times and ids from the headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations

from receiver.signatures.headers import MAX_SECONDS, MILLISECONDS, RawHeaders
from receiver.signatures.hmac_scheme import SEPARATORS, Separator
from receiver.signatures.signed_template import BODIES, RAW_BODY, Signed, TemplatePart, message

NOT_SIGNATURES = frozenset(
    b"host connection content-length content-type content-encoding transfer-encoding accept accept-encoding "
    b"accept-language user-agent x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip forwarded via "
    b"date traceparent tracestate cache-control".split()
)
"""Headers that no scheme signs and that hold no signature."""

MAX_REFERENCES = 8
MAX_VALUE = 200
JOINERS = (".", ":", "", "|", "\n")
LABELS = ("v0", "v1")

_LIKELY_SIGNED = re.compile(r"time|stamp|date|id$|id-|_id|nonce|request|delivery|event|message|attempt")
_UNIX_TIME = re.compile(rb"\d{10}|\d{13}")
_ITEM = re.compile(rb"([A-Za-z][A-Za-z0-9_.-]{0,20})=([\x21-\x7e]{1,200})")


@dataclass(frozen=True, slots=True)
class Candidate:
    """String that may be what was signed, and its template.

    A template with list items has the name of the list's `header` and its separator `items`. `timestamp` is
    the part that is a Unix time, `at` that time.
    """

    message: bytes
    signed: Signed
    header: bytes | None = None
    items: Separator = ""
    timestamp: TemplatePart | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _References:
    """Values that a template may refer to: headers, or the items of one `header` that is a list."""

    values: dict[TemplatePart, bytes]
    header: bytes | None = None
    items: Separator = ""


def candidates(headers: RawHeaders, body: bytes) -> Iterator[Candidate]:
    """Yield every likely signed string once, the simplest first."""
    seen: set[tuple[bytes | None, bytes]] = set()
    for references in _reference_sets(headers):
        for signed in _templates(list(references.values)):
            candidate = _candidate_of(references, signed, body)
            if (candidate.header, candidate.message) not in seen:
                seen.add((candidate.header, candidate.message))
                yield candidate


def unrepeated_headers(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Return the headers that occur once as `(name, value)`; a scheme ignores repeated ones."""
    names = [name for name, _ in headers]
    return [(name, value) for name, value in headers if names.count(name) == 1]


def parse_unix_time(value: bytes | None) -> datetime | None:
    """Return the time of a Unix time in seconds or milliseconds, None for any other value."""
    if value is None or not value.isdigit() or len(value) > MILLISECONDS:
        return None
    seconds = int(value) if len(value) <= MAX_SECONDS else int(value) / 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _reference_sets(headers: RawHeaders) -> Iterator[_References]:
    """Yield the values of headers, then for each header that is a list the values of its items."""
    once = unrepeated_headers(headers)
    signable = [pair for pair in once if _may_be_signed(*pair)]
    signable.sort(key=lambda pair: _UNIX_TIME.fullmatch(pair[1]) is None)
    yield _References({_part("header", name): value for name, value in signable[:MAX_REFERENCES]})
    for name, value in once:
        for separator, character in SEPARATORS.items():
            matched = [_ITEM.fullmatch(item.strip()) for item in value.split(character)]
            items = {_part("item", match[1]): match[2] for match in matched if match}
            if len(matched) > 1 and items:
                yield _References(dict(list(items.items())[:MAX_REFERENCES]), name, separator)


def _part(kind: str, name: bytes) -> TemplatePart:
    return TemplatePart("header" if kind == "header" else "item", name.decode())


def _may_be_signed(name: bytes, value: bytes) -> bool:
    if name in NOT_SIGNATURES or not (name.isascii() and 0 < len(value) <= MAX_VALUE):
        return False
    return bool(_LIKELY_SIGNED.search(name.decode()) or _UNIX_TIME.fullmatch(value))


def _templates(references: Sequence[TemplatePart]) -> Iterator[Signed]:
    for kind in BODIES:
        body = TemplatePart(kind)
        yield RAW_BODY if kind == "body" else (body,)
        for one in references:
            for joiner in JOINERS:
                yield _join(joiner, one, body)
                yield _join(joiner, body, one)
            for label in LABELS:
                yield _join(":", TemplatePart("text", label), one, body)
                yield _join(".", TemplatePart("text", label), one, body)
        for one, other in permutations(references, 2):
            for joiner in JOINERS:
                yield _join(joiner, one, other, body)


def _join(joiner: str, *parts: TemplatePart) -> Signed:
    """Return a template of the parts with the joiner between them; adjacent texts are merged."""
    joined: list[TemplatePart] = []
    for part in parts:
        for piece in ([TemplatePart("text", joiner)] if joined and joiner else []) + [part]:
            if joined and piece.kind == joined[-1].kind == "text":
                joined[-1] = TemplatePart("text", joined[-1].value + piece.value)
            else:
                joined.append(piece)
    return tuple(joined)


def _candidate_of(references: _References, signed: Signed, body: bytes) -> Candidate:
    signed_text = message(signed, body, references.values.get) or b""
    times = (part for part in signed if _UNIX_TIME.fullmatch(references.values.get(part, b"")))
    timestamp = next(times, None)
    at = parse_unix_time(references.values[timestamp]) if timestamp else None
    return Candidate(signed_text, signed, references.header, references.items, timestamp, at)
