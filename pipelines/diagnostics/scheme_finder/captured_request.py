"""Parser of a file with one captured request, as JSON or as raw HTTP."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import UsageError

FORMS = (
    'write {"headers": {"name": "value"}, "body": "text"} or "body_base64", or the raw request: '
    "request line, headers, an empty line, the body"
)

_HEAD = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/\d(?:\.\d)?")


@dataclass(frozen=True, slots=True)
class CapturedRequest:
    """Captured request, byte for byte; header names in lower case."""

    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)


def read_capture(file: Path) -> CapturedRequest:
    """Read the request in a file. Raises `UsageError` with the fault, its line and the accepted formats."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return parse_capture(data)
    except ValueError as error:
        raise UsageError(f"{file}: {error}; {FORMS}") from None


def parse_capture(data: bytes) -> CapturedRequest:
    """Parse a request in JSON or raw HTTP. Raises `ValueError`, whose text quotes no content."""
    if not data.strip():
        raise ValueError("the capture is empty")
    return _parse_json(data) if data.lstrip()[:1] == b"{" else _parse_raw(data)


def _parse_json(data: bytes) -> CapturedRequest:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise ValueError(f"line {line} is not JSON") from None
    if "headers" not in document:
        raise ValueError("headers is missing")
    if ("body" in document) == ("body_base64" in document):
        raise ValueError("give exactly one of body and body_base64")
    headers = tuple(_header(name, value) for name, value in _header_pairs(document["headers"]))
    return CapturedRequest(headers, _body(document))


def _header_pairs(headers: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(headers, dict):
        for name, values in headers.items():
            yield from ((name, value) for value in (values if isinstance(values, list) else [values]))
    elif isinstance(headers, list):
        for number, pair in enumerate(headers):
            if not (isinstance(pair, list) and len(pair) == 2):
                raise ValueError(f"headers[{number}] is not a pair of name and value")
            yield pair[0], pair[1]
    else:
        raise ValueError("headers is neither an object nor a list of pairs")


def _header(name: Any, value: Any) -> tuple[bytes, bytes]:
    if not (isinstance(name, str) and name.isascii() and isinstance(value, str)):
        raise ValueError("a header's name or value is not text")
    return name.strip().lower().encode(), value.strip().encode()


def _body(document: dict[str, Any]) -> bytes:
    name = "body" if "body" in document else "body_base64"
    if not isinstance(document[name], str):
        raise ValueError(f"{name} is not text; put the body there as it was sent, quoted")
    if name == "body":
        return str(document[name]).encode()
    try:
        return base64.b64decode(document[name], validate=True)
    except binascii.Error:
        raise ValueError("body_base64 is not base64") from None


def _parse_raw(data: bytes) -> CapturedRequest:
    head, *rest = _HEAD.split(data, maxsplit=1)
    first, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
    if not _REQUEST_LINE.fullmatch(first.strip()):
        raise ValueError("line 1 is neither { nor a request line such as POST /path HTTP/1.1")
    headers = tuple(_parse_header_line(number, line) for number, line in enumerate(lines, start=2))
    return CapturedRequest(headers, _framed_body(headers, rest[0] if rest else b""))


def _parse_header_line(number: int, line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not (colon and name.strip()):
        raise ValueError(f"line {number} is not a header")
    return name.strip().lower(), value.strip()


def _framed_body(headers: Sequence[tuple[bytes, bytes]], rest: bytes) -> bytes:
    """Return the body by content-length or chunks, so without a line end that an editor added."""
    known = dict(headers)
    if known.get(b"transfer-encoding", b"").lower() == b"chunked":
        return b"".join(_chunks(rest))
    length = known.get(b"content-length", str(len(rest)).encode())
    if not length.isdigit() or int(length) > len(rest):
        raise ValueError(f"the body has {len(rest)} bytes, not those of content-length: it is not whole")
    return rest[: int(length)]


def _chunks(rest: bytes) -> Iterator[bytes]:
    """Yield the chunks of a chunked body. Raises `ValueError` for one that was decoded already or is cut."""
    place = 0
    while True:
        line, end, _ = rest[place:].partition(b"\r\n")
        digits = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", digits):
            raise ValueError("transfer-encoding is chunked, but the body is not: remove that header")
        size = int(digits, 16)
        place += len(line) + len(end)
        if size == 0 and end:
            return
        if place + size > len(rest):
            raise ValueError("the chunked body is not whole")
        yield rest[place : place + size]
        place += size + 2
