"""Secrets that travel themselves: a static token, HTTP basic. They say who calls, not what was said."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from receiver.signatures.headers import RawHeaders, only
from receiver.signatures.percent_encoding import quote
from receiver.signatures.primitives import Claim, check_header, check_in_header, matches


@dataclass(frozen=True, slots=True)
class StaticToken:
    """The secret in one header, after `prefix`. Raises `ValueError` when `header` is none."""

    header: str
    prefix: str = ""

    def __post_init__(self) -> None:
        check_header(self.header)

    def __str__(self) -> str:
        return f"token:{self.header}" + (f";prefix={quote(self.prefix)}" if self.prefix else "")

    def check(self, secret: bytes) -> None:
        """Raises `ValueError` when `secret` cannot stand in a header."""
        check_in_header(secret)
        check_in_header(self.prefix.encode() + secret)

    def claim(self, headers: RawHeaders, body: bytes, now: datetime) -> Claim | None:  # noqa: ARG002
        """The token in the header."""
        value, prefix = only(headers, self.header.encode()), self.prefix.encode()
        if value is None or not value.startswith(prefix):
            return None
        return b"", (value.removeprefix(prefix),)

    def proves(self, secret: bytes, claim: Claim) -> bool:
        """Return whether it is `secret`."""
        return _same(secret, claim[1])

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:  # noqa: ARG002
        """The one header. Raises `ValueError` when `secret` cannot stand there."""
        self.check(secret)
        return {self.header: self.prefix + secret.decode()}


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP basic authentication; the secret is `user:password`."""

    def __str__(self) -> str:
        return "basic"

    def check(self, secret: bytes) -> None:
        """Raises `ValueError` unless `secret` is `user:password`."""
        user, colon, password = secret.partition(b":")
        if not (user and colon and password):
            raise ValueError("the secret is not user:password")

    def claim(self, headers: RawHeaders, body: bytes, now: datetime) -> Claim | None:  # noqa: ARG002
        """The credentials, still encoded."""
        kind, _, credentials = (only(headers, b"authorization") or b"").partition(b" ")
        return (b"", (credentials.strip(b" "),)) if kind.lower() == b"basic" else None

    def proves(self, secret: bytes, claim: Claim) -> bool:
        """Return whether they are those of `secret`."""
        return _same(base64.b64encode(secret), claim[1])

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:  # noqa: ARG002
        """The one header. Raises `ValueError` when `secret` is not `user:password`."""
        self.check(secret)
        return {"authorization": f"Basic {base64.b64encode(secret).decode()}"}


def _same(secret: bytes, sent: tuple[bytes, ...]) -> bool:
    """Compared by their hashes: a comparison of different lengths could tell how long the secret is."""
    return matches(_hashed(secret), tuple(map(_hashed, sent)))


def _hashed(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
