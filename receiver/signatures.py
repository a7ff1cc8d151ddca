"""Signature schemes as values: sign and verify on bytes, with several live secrets.

What a scheme does not find in the headers is not authentic; a malformed header is never an exception.
Every live secret is tried and every comparison takes the same time, so an answer tells nothing about one.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Header names and values as they stood on the wire."""

SCHEME_FORMS = "hmac-sha256:HEADER, hmac-sha256:HEADER:PREFIX, token:HEADER or standard-webhooks"


@dataclass(frozen=True, slots=True)
class Proofs:
    """The digests that were sent, and the message they are to be made of."""

    scheme: "Scheme"
    message: bytes
    sent: tuple[bytes, ...]

    def match(self, secret: bytes) -> bool:
        """Whether one of them was made with `secret`. All are compared."""
        made = self.scheme.proof(secret, self.message)
        return sum(hmac.compare_digest(made, sent) for sent in self.sent) > 0


@dataclass(frozen=True, slots=True)
class HmacBody:
    """HMAC-SHA256 of the raw body in lower-case hex in one header; `prefix` may stand before it."""

    header: str
    prefix: str = ""

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:  # noqa: ARG002
        """The one header."""
        return {self.header: self.prefix + self.proof(secret, body).decode()}

    def proofs(self, headers: RawHeaders, body: bytes, now: datetime) -> Proofs | None:  # noqa: ARG002
        """The digest in the header."""
        value = _only(headers, self.header)
        return None if value is None else Proofs(self, body, (value.removeprefix(self.prefix.encode()),))

    def proof(self, secret: bytes, message: bytes) -> bytes:
        """The digest as it is sent."""
        return binascii.hexlify(hmac.digest(secret, message, "sha256"))


@dataclass(frozen=True, slots=True)
class StaticToken:
    """The secret itself in one header: it shows who calls, not that the body is whole."""

    header: str

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:  # noqa: ARG002
        """The one header."""
        return {self.header: secret.decode()}

    def proofs(self, headers: RawHeaders, body: bytes, now: datetime) -> Proofs | None:  # noqa: ARG002
        """The token in the header."""
        value = _only(headers, self.header)
        return None if value is None else Proofs(self, b"", (value,))

    def proof(self, secret: bytes, message: bytes) -> bytes:  # noqa: ARG002
        """The token as it is sent."""
        return secret


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Standard Webhooks, symmetric (v1): id, time and body are signed, and an old time is refused.

    Its secret is `whsec_` and base64, as the sender shows it.
    """

    tolerance_seconds: int = 300

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:
        """The three headers. Raises `ValueError` when the secret is not base64."""
        seconds = str(int(now.timestamp()))
        message = b".".join((message_id.encode(), seconds.encode(), body))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": "v1," + self.proof(secret, message).decode(),
        }

    def proofs(self, headers: RawHeaders, body: bytes, now: datetime) -> Proofs | None:
        """The v1 digests in the header, unless the time is out of tolerance."""
        known = list(headers)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, at, signatures = (_only(known, name) for name in names)
        if message_id is None or signatures is None or not _near(at, now, self.tolerance_seconds):
            return None
        sent = tuple(part[3:] for part in signatures.split(b" ") if part.startswith(b"v1,"))
        return Proofs(self, b".".join((message_id, at or b"", body)), sent)

    def proof(self, secret: bytes, message: bytes) -> bytes:
        """The digest as it is sent. Raises `ValueError` when the secret is not base64."""
        key = base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
        if not key:
            raise ValueError("the secret is empty")
        return base64.b64encode(hmac.digest(key, message, "sha256"))


Scheme = HmacBody | StaticToken | StandardWebhooks
"""How a sender proves that a body is its own. `sign` raises `ValueError` when the secret does not fit."""


def verify(
    scheme: Scheme, secrets: Mapping[str, bytes], headers: RawHeaders, body: bytes, now: datetime
) -> str | None:
    """The id of the first live secret that signed `body`, None when it is not authentic."""
    proofs = scheme.proofs(headers, body, now)
    return next(iter(_signers(proofs, secrets)), None) if proofs else None


def sign(scheme: Scheme, secret: bytes, body: bytes, *, message_id: str, now: datetime) -> dict[str, str]:
    """The headers that `verify` accepts for `body`. Raises `ValueError` when the secret does not fit."""
    return scheme.sign(secret, body, message_id, now)


def parse_scheme(text: str) -> Scheme:
    """The scheme that a setting names. Raises `ValueError` naming the forms there are."""
    kind, *rest = text.strip().split(":")
    header = rest[0].strip().lower() if rest else ""
    if kind == "standard-webhooks" and not rest:
        return StandardWebhooks()
    if kind == "hmac-sha256" and _is_header(header) and len(rest) <= 2:
        return HmacBody(header, *rest[1:])
    if kind == "token" and _is_header(header) and len(rest) == 1:
        return StaticToken(header)
    raise ValueError(f"no such scheme; write {SCHEME_FORMS}")


def _signers(proofs: Proofs, secrets: Mapping[str, bytes]) -> list[str]:
    return [key_id for key_id, secret in secrets.items() if proofs.match(secret)]


def _only(headers: RawHeaders, name: str) -> bytes | None:
    """The value of a header that stands there once; two could disagree about what was signed."""
    found = list(_values(headers, name.encode()))
    return found[0] if len(found) == 1 else None


def _values(headers: RawHeaders, name: bytes) -> Iterator[bytes]:
    return (value for known, value in headers if known.lower() == name)


def _near(at: bytes | None, now: datetime, tolerance_seconds: int) -> bool:
    """Whether `at` is a plain Unix time in seconds close to now."""
    if at is None or not at.isdigit() or len(at) > 12:
        return False
    return abs(int(at) - now.timestamp()) <= tolerance_seconds


def _is_header(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
