"""Payloads that nobody should send, made from good ones. The same for the same seed."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

Document = dict[str, Any]
Place = tuple[Any, Any]
"""A container and the key or index of a value in it."""

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53 + 1, 2**63, 2**64, -(2**70), 10**30, "", " ", "0", "null", "é" * 300,
    "\u0000", "a\u0000b", "\u202eabc", "😀👩‍👩‍👧", "x" * 5_000,
    [], {}, [[]], [None], [{}], {"": None}, {"a": {"b": []}},
    "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z",
    "2026-03-29T01:30:00", "2026-03-29", "20260329T013000Z", "2026-03-29T01:30:00.123456789Z",
)  # fmt: skip

RAW_NUMBERS = (
    "1e400",
    "-1e400",
    "1e-400",
    "NaN",
    "Infinity",
    "-0",
    "-0.0",
    "1" + "0" * 400,
    "0.1" + "2" * 50,
    "01",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One payload and what was done to it."""

    kind: str
    body: bytes


def mutants(
    seed: str, originals: list[Document], count: int, fresh: Callable[[Document, int], None]
) -> Iterator[Mutant]:
    """`count` payloads from `originals`; `fresh` gives a copy an identity of its own, from a number."""
    rng = Random(seed)
    for number in range(count):
        document = copy.deepcopy(rng.choice(originals))
        if rng.random() > 0.05:
            fresh(document, number)
        kind = rng.choice(tuple(_KINDS))
        yield Mutant(kind, _KINDS[kind](rng, document))


def _plain(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode(errors="surrogatepass")


def _places(value: Any) -> list[Place]:
    found: list[Place] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found.append((value, key))
        found += _places(inner)
    return found


def _place(rng: Random, document: Document) -> Place:
    return rng.choice(_places(document))


def _strange(rng: Random, document: Document) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 3))):
        container, key = _place(rng, document)
        container[key] = copy.deepcopy(rng.choice(STRANGE))
        if not document:
            break
    return _plain(document)


def _missing(rng: Random, document: Document) -> bytes:
    for _ in range(rng.choice((1, 1, 2))):
        places = _places(document)
        if places:
            container, key = rng.choice(places)
            del container[key]
    return _plain(document)


def _added(rng: Random, document: Document) -> bytes:
    objects = [document, *(c[k] for c, k in _places(document) if isinstance(c[k], dict))]
    rng.choice(objects)[rng.choice(("new", "data.recordId", "", "Ünïcode", "a.b", "x" * 300, "eventid"))] = (
        copy.deepcopy(rng.choice(STRANGE))
    )
    return _plain(document)


def _swapped(rng: Random, document: Document) -> bytes:
    (one, a), (other, b) = _place(rng, document), _place(rng, document)
    one[a], other[b] = copy.deepcopy(other[b]), copy.deepcopy(one[a])
    return _plain(document)


def _raw_number(rng: Random, document: Document) -> bytes:
    container, key = _place(rng, document)
    container[key] = "@@number@@"
    return _plain(document).replace(b'"@@number@@"', rng.choice(RAW_NUMBERS).encode(), 1)


def _surrogate(rng: Random, document: Document) -> bytes:
    container, key = _place(rng, document)
    container[key] = "@@text@@"
    escape = rng.choice(
        (rb"\ud800", rb"\udfff", rb"\ud83d\ude00", rb"\ud83dx", rb"\u0000", rb"\x", rb"\u00e9")
    )
    return _plain(document).replace(b"@@text@@", b"a" + escape + b"b", 1)


def _bytes(rng: Random, document: Document) -> bytes:
    body = bytearray(_plain(document))
    for _ in range(rng.choice((1, 1, 4))):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body)


def _cut(rng: Random, document: Document) -> bytes:
    body = _plain(document)
    return body[: rng.randrange(len(body))]


def _deep(rng: Random, document: Document) -> bytes:
    container, key = _place(rng, document)
    container[key] = "@@deep@@"
    depth = rng.choice((20, 90, 100, 500, rng.randrange(950, 1_010), 50_000))
    nest = b"[" * depth + b"]" * depth if rng.random() < 0.5 else b'{"a":' * depth + b"1" + b"}" * depth
    return _plain(document).replace(b'"@@deep@@"', nest, 1)


def _twice(rng: Random, document: Document) -> bytes:
    """A name that stands twice in one object; the last value is the one that counts."""
    container, key = rng.choice([p for p in _places(document) if isinstance(p[0], dict)])
    name, value = json.dumps(key, ensure_ascii=False), _plain(container[key])
    container[key] = "@@twice@@"
    other = _plain(rng.choice(STRANGE))
    return _plain(document).replace(b'"@@twice@@"', other + b", " + name.encode() + b": " + value, 1)


def _framed(rng: Random, document: Document) -> bytes:
    body = _plain(document)
    frames: tuple[Callable[[bytes], bytes], ...] = (
        lambda b: b"\xef\xbb\xbf" + b, lambda b: b + b, lambda b: b + b"\n" + b,
        lambda b: b"[" + b + b"]",
        lambda b: b" \r\n\t" + b + b"\n ", lambda b: b + b"\x00",
        lambda _: b"", lambda _: b"null", lambda _: b'"text"',
        lambda b: json.dumps(b.decode(errors="replace")).encode(),
        lambda b: b.decode(errors="replace").encode("utf-16"),
        lambda b: b + b"garbage", lambda _: b"{}",
    )  # fmt: skip
    return rng.choice(frames)(body)


def _untouched(rng: Random, document: Document) -> bytes:
    return _plain(document)


_KINDS: dict[str, Callable[[Random, Document], bytes]] = {
    "strange value": _strange,
    "missing part": _missing,
    "added field": _added,
    "swapped values": _swapped,
    "raw number": _raw_number,
    "escape": _surrogate,
    "flipped bytes": _bytes,
    "cut": _cut,
    "deep nesting": _deep,
    "name twice": _twice,
    "framing": _framed,
    "as documented": _untouched,
}
