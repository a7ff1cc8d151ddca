"""Candidates for the signed content: the body, alone or with times and ids from the headers."""

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
"""Headers that say nothing of who sent it."""

MAX_REFERENCES = 8
MAX_VALUE = 200
JOINERS = (".", ":", "", "|", "\n")
LABELS = ("v0", "v1")

_TELLING = re.compile(r"time|stamp|date|id$|id-|_id|nonce|request|delivery|event|message|attempt")
_UNIX_TIME = re.compile(rb"\d{10}|\d{13}")
_ITEM = re.compile(rb"([A-Za-z][A-Za-z0-9_.-]{0,20})=([\x21-\x7e]{1,200})")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One string that may be what was signed, and the template of it.

    `header` and `items` are of the list that its items stand in, where it has any; `timestamp` is the part
    that is a Unix time, and `at` that time.
    """

    message: bytes
    signed: Signed
    header: bytes | None = None
    items: Separator = ""
    timestamp: TemplatePart | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The references that can stand in one template: all headers, and the items of one of them."""

    values: dict[TemplatePart, bytes]
    header: bytes | None = None
    items: Separator = ""


def candidates(headers: RawHeaders, body: bytes) -> Iterator[Candidate]:
    """Every likely string, each once, the plainest first."""
    seen: set[tuple[bytes | None, bytes]] = set()
    for place in _places(headers):
        for signed in _templates(list(place.values)):
            found = _candidate(place, signed, body)
            if (found.header, found.message) not in seen:
                seen.add((found.header, found.message))
                yield found


def values_once(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """The headers that stand there once; a scheme reads no other."""
    names = [name for name, _ in headers]
    return [(name, value) for name, value in headers if names.count(name) == 1]


def at_time(value: bytes | None) -> datetime | None:
    """The instant that a Unix time names, None for anything else."""
    if value is None or not value.isdigit() or len(value) > MILLISECONDS:
        return None
    seconds = int(value) if len(value) <= MAX_SECONDS else int(value) / 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _places(headers: RawHeaders) -> Iterator[_Place]:
    """All headers; then for each header that is a list its items, since only those need another search."""
    once = values_once(headers)
    telling = [pair for pair in once if _may_be_signed(*pair)]
    telling.sort(key=lambda pair: _UNIX_TIME.fullmatch(pair[1]) is None)
    yield _Place({_part("header", name): value for name, value in telling[:MAX_REFERENCES]})
    for name, value in once:
        for separator, character in SEPARATORS.items():
            matched = [_ITEM.fullmatch(item.strip()) for item in value.split(character)]
            items = {_part("item", found[1]): found[2] for found in matched if found}
            if len(matched) > 1 and items:
                yield _Place(dict(list(items.items())[:MAX_REFERENCES]), name, separator)


def _part(kind: str, name: bytes) -> TemplatePart:
    return TemplatePart("header" if kind == "header" else "item", name.decode())


def _may_be_signed(name: bytes, value: bytes) -> bool:
    if name in NOT_SIGNATURES or not (name.isascii() and 0 < len(value) <= MAX_VALUE):
        return False
    return bool(_TELLING.search(name.decode()) or _UNIX_TIME.fullmatch(value))


def _templates(references: Sequence[TemplatePart]) -> Iterator[Signed]:
    for kind in BODIES:
        body = TemplatePart(kind)
        yield RAW_BODY if kind == "body" else (body,)
        for one in references:
            for joiner in JOINERS:
                yield _joined(joiner, one, body)
                yield _joined(joiner, body, one)
            for label in LABELS:
                yield _joined(":", TemplatePart("text", label), one, body)
                yield _joined(".", TemplatePart("text", label), one, body)
        for one, other in permutations(references, 2):
            for joiner in JOINERS:
                yield _joined(joiner, one, other, body)


def _joined(joiner: str, *parts: TemplatePart) -> Signed:
    """The parts with the joiner between them; texts that meet are one."""
    joined: list[TemplatePart] = []
    for part in parts:
        for piece in ([TemplatePart("text", joiner)] if joined and joiner else []) + [part]:
            if joined and piece.kind == joined[-1].kind == "text":
                joined[-1] = TemplatePart("text", joined[-1].value + piece.value)
            else:
                joined.append(piece)
    return tuple(joined)


def _candidate(place: _Place, signed: Signed, body: bytes) -> Candidate:
    made = message(signed, body, place.values.get) or b""
    times = (part for part in signed if _UNIX_TIME.fullmatch(place.values.get(part, b"")))
    timestamp = next(times, None)
    at = at_time(place.values[timestamp]) if timestamp else None
    return Candidate(made, signed, place.header, place.items, timestamp, at)
