"""Primitives that all schemes share: the claimed signature and a constant-time comparison."""

import base64
import hmac
import re

Claim = tuple[bytes, tuple[bytes, ...]]
"""The bytes that are said to be signed, and the proofs that were sent for them."""

_HEADER = re.compile(r"[a-z0-9_-]+")


def matches(made: bytes, sent: tuple[bytes, ...]) -> bool:
    """Return whether `made` is among `sent`. Compares all of them, each in constant time."""
    return sum([hmac.compare_digest(made, one) for one in sent]) > 0


def decode_base64(text: bytes) -> bytes:
    """The bytes, with or without the padding at the end. Raises `ValueError` for anything else."""
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def check_header(name: str) -> None:
    """Raises `ValueError` unless `name` is a header's, in lower case."""
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{name!r} is no header name; it takes letters, digits, - and _")


def check_in_header(value: bytes) -> None:
    """Raises `ValueError` for what HTTP would not carry unchanged in a header."""
    if not value or value != value.strip(b" \t") or any(byte < 0x20 or byte == 0x7F for byte in value):
        raise ValueError("it cannot stand in a header: empty, blank at an end, or a control character")
