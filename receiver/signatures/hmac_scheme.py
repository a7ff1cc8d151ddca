"""HMAC in a header, with all that senders vary: algorithm, encoding, prefix, list, key, what is signed."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from receiver.signatures.headers import RawHeaders, near, only, only_item
from receiver.signatures.percent_encoding import quote
from receiver.signatures.primitives import Claim, check_header, check_in_header, decode_base64, matches
from receiver.signatures.signed_template import (
    RAW_BODY,
    REFERENCES,
    Look,
    Signed,
    TemplatePart,
    check_signed,
    format_signed,
    message,
)

Algorithm = Literal["sha1", "sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64"]
Separator = Literal["", "comma", "space"]
Key = Literal["text", "base64"]

ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
SEPARATORS: dict[Separator, bytes] = {"space": b" ", "comma": b","}
KEYS: tuple[Key, ...] = get_args(Key)

MAX_ITEMS = 32
"""Items of a list that are looked at: each costs a comparison for every live secret."""


@dataclass(frozen=True, slots=True)
class HmacScheme:
    """An HMAC of `signed` in one header; `prefix` may stand before it.

    `items` says that the header is a list, of which those with the prefix are tried. `key` says whether the
    secret is the key itself or its base64. With `tolerance_seconds` an old `timestamp` is refused, which is
    part of what is signed. Raises `ValueError` for what cannot be.
    """

    header: str
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    items: Separator = ""
    key: Key = "text"
    signed: Signed = RAW_BODY
    timestamp: TemplatePart | None = None
    tolerance_seconds: int | None = None

    def __post_init__(self) -> None:
        check_header(self.header)
        check_signed(self.signed)
        if not self.items and any(part.kind == "item" for part in self.references()):
            raise ValueError("{item:NAME} is an item of a list; say items=comma or items=space")
        self._check_prefix()
        self._check_time()

    def __str__(self) -> str:
        options = {
            "encoding": self.encoding if self.encoding != "hex" else "",
            "prefix": quote(self.prefix),
            "items": self.items,
            "key": self.key if self.key != "text" else "",
            "signed": format_signed(self.signed) if self.signed != RAW_BODY else "",
            "timestamp": self._told_timestamp(),
            "tolerance": "" if self.tolerance_seconds is None else str(self.tolerance_seconds),
        }
        told = "".join(f";{name}={value}" for name, value in options.items() if value)
        return f"hmac-{self.algorithm}:{self.header}{told}"

    def references(self) -> tuple[TemplatePart, ...]:
        """The headers and items that are signed next to the body."""
        return tuple(part for part in self.signed if part.kind in REFERENCES)

    def check(self, secret: bytes) -> None:
        """Raises `ValueError` when `secret` is no key of this scheme."""
        if not self._key(secret):
            raise ValueError("the secret is empty")

    def claim(self, headers: RawHeaders, body: bytes, now: datetime) -> Claim | None:
        """Signed content and the digests in the header; None when something is missing or too old."""
        value = only(headers, self.header.encode())
        if value is None:
            return None
        if self.signed == RAW_BODY and not self.items:
            return body, (self._digest(value.removeprefix(self.prefix.encode())),)
        items = self._split(value)

        def look(part: TemplatePart) -> bytes | None:
            name = part.value.encode()
            return only(headers, name) if part.kind == "header" else only_item(items, name)

        signed = message(self.signed, body, look) if self._in_time(look, now) else None
        return None if signed is None else (signed, self._digests(value, items))

    def proves(self, secret: bytes, claim: Claim) -> bool:
        """Return whether one of the digests was made with `secret`. All are compared."""
        return matches(self._proof(secret, claim[0]), claim[1])

    def sign(self, secret: bytes, body: bytes, message_id: str, now: datetime) -> dict[str, str]:
        """The headers; what else is signed holds the time or `message_id`. Raises `ValueError`."""
        self.check(secret)
        told = {part: self._reported(part, message_id, now) for part in self.references()}
        signed = message(self.signed, body, lambda part: told[part].encode()) or b""
        own = [f"{part.value}={value}" for part, value in told.items() if part.kind == "item"]
        digest = self.prefix + self._proof(secret, signed).decode()
        others = {part.value: value for part, value in told.items() if part.kind == "header"}
        return others | {self.header: SEPARATORS.get(self.items, b"").decode().join([*own, digest])}

    def _check_prefix(self) -> None:
        check_in_header(f"{self.prefix}0".encode())
        if self.items and SEPARATORS[self.items].decode() in self.prefix:
            raise ValueError("prefix holds what separates the items, so no item begins with it")
        for part in self.references():
            if part.kind == "item" and self.prefix.startswith(f"{part.value}="):
                raise ValueError(f"prefix and {{item:{part.value}}} name the same item")
            if part.kind == "header" and part.value == self.header:
                raise ValueError("the header of the signature cannot be signed itself")

    def _told_timestamp(self) -> str:
        """Empty where it goes without saying: it is the only reference."""
        if self.timestamp is None or self.references() == (self.timestamp,):
            return ""
        return f"{self.timestamp.kind}:{self.timestamp.value}"

    def _check_time(self) -> None:
        if (self.timestamp is None) != (self.tolerance_seconds is None):
            raise ValueError("tolerance needs the timestamp it is for, and timestamp a tolerance in seconds")
        if self.timestamp is not None and self.timestamp not in self.references():
            raise ValueError("the timestamp is not signed, so anybody could renew it; name it in signed too")
        if self.tolerance_seconds is not None and self.tolerance_seconds <= 0:
            raise ValueError("tolerance is a number of seconds over 0")

    def _in_time(self, look: Look, now: datetime) -> bool:
        if self.tolerance_seconds is None or self.timestamp is None:
            return True
        return near(look(self.timestamp), now, self.tolerance_seconds)

    def _key(self, secret: bytes) -> bytes:
        return secret if self.key == "text" else decode_base64(secret.removeprefix(b"whsec_"))

    def _proof(self, secret: bytes, signed: bytes) -> bytes:
        digest = hmac.digest(self._key(secret), signed, self.algorithm)
        return binascii.hexlify(digest) if self.encoding == "hex" else base64.b64encode(digest)

    def _digest(self, sent: bytes) -> bytes:
        """Hex is compared in lower case: only the sent side changes, which says nothing of the other."""
        return sent.lower() if self.encoding == "hex" else sent

    def _split(self, value: bytes) -> Sequence[bytes]:
        return [item.strip() for item in value.split(SEPARATORS[self.items])] if self.items else ()

    def _digests(self, value: bytes, items: Sequence[bytes]) -> tuple[bytes, ...]:
        prefix = self.prefix.encode()
        if not self.items:
            return (self._digest(value.removeprefix(prefix)),)
        found = [item.removeprefix(prefix) for item in items if item.startswith(prefix)]
        return tuple(map(self._digest, found[:MAX_ITEMS]))

    def _reported(self, part: TemplatePart, message_id: str, now: datetime) -> str:
        value = str(int(now.timestamp())) if part == self.timestamp else message_id
        if part.kind == "item" and SEPARATORS[self.items or "comma"].decode() in value:
            raise ValueError("the message id holds what separates the items of the header")
        check_in_header(value.encode())
        return value
