"""Keyed hashes, which recognise an erased value without storing it, and signatures of receipts."""

import hmac
from hashlib import sha256

from pipelines.privacy.identifiers import plain_value
from pipelines.settings import Settings
from receiver.settings import SettingsError

MIN_KEY_BYTES = 16

KEY_MARK = "key"
"""Stands for an erasure next to the hash, in `ledger.suppressions`, that tells the lake's key from others."""


class KeyedHasher:
    """Hashes, pseudonyms and signatures under one secret. Without it nothing can be told from them.

    Raises `SettingsError` for a key that could be guessed.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise SettingsError(
                f"HIRESTREAM_ERASURE__KEY has less than {MIN_KEY_BYTES} bytes; make one with "
                "`openssl rand -hex 32` and keep it as long as the lake"
            )
        self._key = key

    def hash_of(self, kind: str, value: str, organization: str | None) -> str:
        """Keyed hash of a value of one organization, or of any, as 64 hex digits."""
        text = "\0".join(("value", kind, organization or "", plain_value(kind, value)))
        return self._digest(text.encode())

    def mark(self) -> str:
        """The hash that is the same wherever the key is the same."""
        return self.hash_of(KEY_MARK, "erasures", None)

    def pseudonym(self, address: str) -> str:
        """Pseudonym of an address in a preserved field: the same in every record."""
        plain = address.replace("%40", "@").lower()
        return f"erased-{self._digest(b'address' + plain.encode())[:16]}"

    def signature(self, document: bytes) -> str:
        """Over the bytes of a receipt."""
        return self._digest(b"receipt" + document)

    def _digest(self, text: bytes) -> str:
        return hmac.digest(self._key, text, sha256).hex()


def erasure_hasher(settings: Settings) -> KeyedHasher | None:
    """Hasher with the erasure key of the settings; None without a key. Raises `SettingsError`."""
    key = settings.erasure.secret()
    return None if key is None else KeyedHasher(key)


def key_of(settings: Settings) -> KeyedHasher:
    """Hasher with the erasure key. Raises `SettingsError` without one: nothing is erased without it."""
    keyed = erasure_hasher(settings)
    if keyed is None:
        raise SettingsError(
            "erasing needs a key, or a redelivery would bring the person back; set HIRESTREAM_ERASURE__KEY "
            "or HIRESTREAM_ERASURE__KEY_FILE to a secret of your own, such as of `openssl rand -hex 32`"
        )
    return keyed
