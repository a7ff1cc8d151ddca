"""Template of the signed content of an HMAC: literal text, the body, and header values.

{body}                          the raw body
v0:{header:x-timestamp}:{body}  text, the value of a header, text, the raw body
{item:t}.{body}                 the item `t=...` of the signature's own header
{compact-body}                  the body without the whitespace that JSON does not need
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from receiver.signatures.percent_encoding import quote, unquote

Kind = Literal["text", "header", "item", "body", "compact-body"]

BODIES: tuple[Kind, ...] = ("body", "compact-body")
REFERENCES: tuple[Kind, ...] = ("header", "item")

_STRING_OR_SPACE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[ \t\r\n]++', re.DOTALL)
_PIECE = re.compile(r"\{([^{}]*)\}|([^{}]+)|(.)", re.DOTALL)
_NAMES: dict[str, re.Pattern[str]] = {
    "header": re.compile(r"[A-Za-z0-9_-]+"),
    "item": re.compile(r"[A-Za-z0-9_.-]+"),
}


@dataclass(frozen=True, slots=True)
class TemplatePart:
    """One piece: `value` is the text, or the name of the header or item."""

    kind: Kind
    value: str = ""

    def __str__(self) -> str:
        if self.kind == "text":
            return quote(self.value)
        return f"{{{self.kind}:{self.value}}}" if self.kind in REFERENCES else f"{{{self.kind}}}"


Signed = tuple[TemplatePart, ...]

RAW_BODY: Signed = (TemplatePart("body"),)

Look = Callable[[TemplatePart], bytes | None]
"""Finds the value of a header or an item."""


def message(signed: Signed, body: bytes, look: Look) -> bytes | None:
    """The bytes that the sender made the digest of, None when a header or an item is not there once."""
    pieces = [_piece(part, body, look) for part in signed]
    known = [piece for piece in pieces if piece is not None]
    return b"".join(known) if len(known) == len(pieces) else None


def compact(body: bytes) -> bytes:
    """`body` without whitespace outside of JSON strings, everything else as it is. Linear in its length."""
    return _STRING_OR_SPACE.sub(lambda found: found[0] if found[0][:1] == b'"' else b"", body)


def parse_signed(text: str) -> Signed:
    """The template that `text` names. Raises `ValueError` saying what is wrong and what may stand there."""
    return tuple(_merged(_parts(text)))


def format_signed(signed: Signed) -> str:
    """The text that `parse_signed` reads."""
    return "".join(map(str, signed))


def check_signed(signed: Signed) -> None:
    """Raises `ValueError` unless the body is signed once; a template without it would prove nothing."""
    if sum(part.kind in BODIES for part in signed) != 1:
        raise ValueError("signed must hold {body} or {compact-body}, and only once")


def _piece(part: TemplatePart, body: bytes, look: Look) -> bytes | None:
    if part.kind == "text":
        return part.value.encode()
    if part.kind in REFERENCES:
        return look(part)
    return body if part.kind == "body" else compact(body)


def _parts(text: str) -> Iterator[TemplatePart]:
    for place, literal, stray in _PIECE.findall(text):
        if stray:
            raise ValueError("a { or } stands alone in signed; write %7B or %7D for the character itself")
        yield TemplatePart("text", unquote(literal)) if literal else _place(place)


def _place(text: str) -> TemplatePart:
    kind, _, name = text.partition(":")
    for body in BODIES:
        if text == body:
            return TemplatePart(body)
    for reference in REFERENCES:
        if kind == reference and _NAMES[reference].fullmatch(name):
            return TemplatePart(reference, name.lower() if reference == "header" else name)
    raise ValueError(
        f"signed knows no {{{text}}}; it takes text, {{body}}, {{compact-body}}, {{header:NAME}} "
        "and {item:NAME}"
    )


def _merged(parts: Iterator[TemplatePart]) -> Iterator[TemplatePart]:
    """Texts that stand side by side are one."""
    text = ""
    for part in parts:
        if part.kind == "text":
            text += part.value
            continue
        if text:
            yield TemplatePart("text", text)
        text = ""
        yield part
    if text:
        yield TemplatePart("text", text)
