"""Standard Webhooks: id, time and body are signed, by HMAC-SHA256 (v1) or by Ed25519 (v1a).

The secret says which, by how it begins: `whsec_` (or nothing) is an HMAC key, `whpk_` the sender's public
key, `whsk_` its private one, each followed by base64. So no digest of one kind passes for the other, and a
source can have both while its sender changes over.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from receiver.signatures.headers import RawHeaders, near, only
from receiver.signatures.primitives import Claim, check_in_header, decode_base64, matches

PUBLIC, PRIVATE, SYMMETRIC = b"whpk_", b"whsk_", b"whsec_"
SEED_BYTES, PAIR_BYTES = 32, 64

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 32
"""Signatures of one delivery that are looked at: each costs a comparison for every live secret."""


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """The three `webhook-*` headers; a time out of tolerance is refused. Raises `ValueError` without one."""

    tolerance_seconds: int = TOLERANCE_SECONDS

    def __post_init__(self) -> None:
        if self.tolerance_seconds <= 0:
            raise ValueError("tolerance is a number of seconds over 0")

    def __str__(self) -> str:
        other = self.tolerance_seconds != TOLERANCE_SECONDS
        return "standard-webhooks" + (f";tolerance={self.tolerance_seconds}" if other else "")

    def check(self, secret: bytes) -> None:
        """Raises `ValueError` when `secret` is no key."""
        if secret.startswith((PUBLIC, PRIVATE)):
            public_key(secret)
        else:
            symmetric_key(secret)

    def claim(self, headers: RawHeaders, body: bytes, now: datetime) -> Claim | None:
        """Signed content and every signature in the header; None when the time is out of tolerance."""
        names = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
        message_id, at, signatures = (only(headers, name) for name in names)
        if not message_id or not signatures or not near(at, now, self.tolerance_seconds):
            return None
        return b".".join((message_id, at or b"", body)), tuple(signatures.split(b" ")[:MAX_SIGNATURES])

    def proves(self, secret: bytes, claim: Claim) -> bool:
        """Return whether one of the signatures was made with `secret`. All are tried."""
        signed, sent = claim
        if not secret.startswith((PUBLIC, PRIVATE)):
            return matches(_symmetric(secret, signed), sent)
        key = public_key(secret)
        return sum([_verified(key, one[4:], signed) for one in sent if one.startswith(b"v1a,")]) > 0

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:
        """The three headers. Raises `ValueError` when the secret is no key, or only the public one."""
        check_in_header(message_id.encode())
        seconds = str(int(now.timestamp()))
        signed = b".".join((message_id.encode(), seconds.encode(), body))
        if secret.startswith(PUBLIC):
            raise ValueError("whpk_ is the public key, which only verifies; whsk_ signs")
        made = _asymmetric(secret, signed) if secret.startswith(PRIVATE) else _symmetric(secret, signed)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": made.decode(),
        }


def symmetric_key(secret: bytes) -> bytes:
    """The HMAC key. Raises `ValueError` when it is not base64 or empty."""
    key = decode_base64(secret.removeprefix(SYMMETRIC))
    if not key:
        raise ValueError("the secret is empty")
    return key


def public_key(secret: bytes) -> Ed25519PublicKey:
    """The key that verifies. Raises `ValueError` when it is not base64 or has another length."""
    if secret.startswith(PRIVATE):
        return private_key(secret).public_key()
    return Ed25519PublicKey.from_public_bytes(decode_base64(secret.removeprefix(PUBLIC)))


def private_key(secret: bytes) -> Ed25519PrivateKey:
    """The key that signs, from its 32 bytes, or from 64 that end with the public key. Raises `ValueError`."""
    raw = decode_base64(secret.removeprefix(PRIVATE))
    key = Ed25519PrivateKey.from_private_bytes(raw[:SEED_BYTES])
    if len(raw) not in {SEED_BYTES, PAIR_BYTES} or not key.public_key().public_bytes_raw().endswith(
        raw[SEED_BYTES:]
    ):
        raise ValueError("the private key is not 32 bytes, nor 64 that end with its public key")
    return key


def _symmetric(secret: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(symmetric_key(secret), signed, "sha256"))


def _asymmetric(secret: bytes, signed: bytes) -> bytes:
    return b"v1a," + base64.b64encode(private_key(secret).sign(signed))


def _verified(key: Ed25519PublicKey, sent: bytes, signed: bytes) -> bool:
    try:
        signature = decode_base64(sent)
        key.verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return base64.b64encode(signature) == sent  # base64 has loose ends; one signature has one text
