"""HTTP answers for rejected requests: status, message and whether the sender should send again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class HttpRejection:
    """HTTP answer for a rejected request. Without `retry_after_seconds`, sending it again cannot succeed.

    `closes` closes the connection, so the rest of the request is not read.
    """

    code: str
    status: int
    message: str
    retry_after_seconds: int | None = None
    closes: bool = False

    @property
    def retryable(self) -> bool:
        """Return whether the same delivery can succeed later."""
        return self.retry_after_seconds is not None

    def document(self) -> dict[str, dict[str, str]]:
        """Return the answer as a JSON document."""
        return {"error": {"code": self.code, "message": self.message}}

    def body(self) -> bytes:
        """Return the body of the answer: the JSON document as bytes."""
        return json.dumps(self.document()).encode()

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield `(name, value)` of each HTTP header of the answer."""
        yield b"content-type", b"application/json"
        yield b"content-length", b"%d" % len(self.body())
        if self.retry_after_seconds is not None:
            yield b"retry-after", b"%d" % self.retry_after_seconds
        if self.closes:
            yield b"connection", b"close"

    def wire(self) -> bytes:
        """Return the whole HTTP/1.1 answer, which closes the connection, for use without an ASGI request."""
        status = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        named = dict(self.headers()) | {b"connection": b"close"}
        return status + b"".join(b"%s: %s\r\n" % pair for pair in named.items()) + b"\r\n" + self.body()


NOT_AUTHENTIC = HttpRejection(
    "not_authentic", 401, "The signature is missing or was not made with a live secret."
)
UNKNOWN_SOURCE = HttpRejection("unknown_source", 404, "No source of this name is configured.", closes=True)
UNKNOWN_PATH = HttpRejection("unknown_path", 404, "There is nothing here; see /openapi.json.", closes=True)
METHOD_NOT_ALLOWED = HttpRejection("method_not_allowed", 405, "This method is not allowed here.", closes=True)
TOO_LARGE = HttpRejection("too_large", 413, "The body is larger than this receiver accepts.", closes=True)
HEADERS_TOO_LARGE = HttpRejection(
    "headers_too_large", 431, "The headers are larger than accepted.", closes=True
)
BROKEN_REQUEST = HttpRejection("broken_request", 400, "This is not HTTP/1.1 as it is specified.", closes=True)
TOO_SLOW = HttpRejection("too_slow", 408, "The request did not arrive in time.", 1, closes=True)
NOT_CONFIRMED = HttpRejection("not_confirmed", 503, "Kafka did not confirm the delivery; send it again.", 5)
SPOOL_FULL = HttpRejection(
    "spool_full", 503, "Kafka does not confirm and the spool is full; send it again.", 30
)
SPOOL_TOO_OLD = HttpRejection(
    "spool_too_old", 503, "Kafka has not confirmed for too long to spool more; send it again.", 30
)
SPOOL_BUSY = HttpRejection("spool_busy", 503, "More come than can be spooled at a time; send it again.", 2)
SPOOL_FAILING = HttpRejection(
    "spool_failing", 503, "Kafka does not confirm and the spool cannot be written; send it again.", 30
)
TOO_MANY_CONNECTIONS = HttpRejection(
    "too_many_connections", 503, "All connections are in use; send it again.", 2, closes=True
)
UNAVAILABLE = HttpRejection("unavailable", 503, "The receiver cannot answer now; send it again.", 5)

REFUSALS = (
    NOT_AUTHENTIC,
    UNKNOWN_SOURCE,
    UNKNOWN_PATH,
    METHOD_NOT_ALLOWED,
    TOO_LARGE,
    HEADERS_TOO_LARGE,
    BROKEN_REQUEST,
    TOO_SLOW,
    NOT_CONFIRMED,
    SPOOL_FULL,
    SPOOL_TOO_OLD,
    SPOOL_BUSY,
    SPOOL_FAILING,
    TOO_MANY_CONNECTIONS,
    UNAVAILABLE,
)
