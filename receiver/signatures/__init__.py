"""Signature schemes as values: sign and verify on bytes, with several live secrets. Imports nothing else.

A missing or malformed header means not authentic, never an exception. Every live secret is tried in
constant time, so an answer reveals nothing about a secret.
"""

from collections.abc import Mapping
from datetime import datetime

from receiver.signatures.headers import RawHeaders
from receiver.signatures.hmac_scheme import HmacScheme
from receiver.signatures.scheme_parser import SCHEME_FORMS, Scheme, parse_scheme
from receiver.signatures.standard_webhooks import StandardWebhooks
from receiver.signatures.token_schemes import BasicAuth, StaticToken

__all__ = [
    "SCHEME_FORMS",
    "BasicAuth",
    "HmacScheme",
    "RawHeaders",
    "Scheme",
    "StandardWebhooks",
    "StaticToken",
    "parse_scheme",
    "sign",
    "verify",
]


def verify(
    scheme: Scheme, secrets: Mapping[str, bytes], headers: RawHeaders, body: bytes, now: datetime
) -> str | None:
    """The id of the first live secret that signed `body`, None when it is not authentic."""
    claim = scheme.claim(headers, body, now)
    if claim is None:
        return None
    signers = [key_id for key_id, secret in secrets.items() if scheme.proves(secret, claim)]
    return signers[0] if signers else None


def sign(scheme: Scheme, secret: bytes, body: bytes, *, message_id: str, now: datetime) -> dict[str, str]:
    """The headers that `verify` accepts for `body`. Raises `ValueError` when the secret does not fit."""
    return scheme.sign(secret, body, message_id, now)
