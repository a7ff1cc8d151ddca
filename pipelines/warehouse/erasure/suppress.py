"""What was erased stays so: records that name it later are redacted before they are written."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb
import msgspec

from pipelines.flatten.batch import DecodedBatch
from pipelines.flatten.decode import Decoded, Rejected, decoder_of
from pipelines.flatten.named import names_of
from pipelines.flatten.redact import redacted
from pipelines.settings import Settings
from pipelines.warehouse.erasure.keyed import Keyed
from pipelines.warehouse.erasure.quarantine import unquoted_problems
from receiver.settings import SettingsError


class Suppressor:
    """Knows the keyed hashes of what was erased. Without a key it knows that there is nothing."""

    def __init__(self, keyed: Keyed | None, erasures: Mapping[str, str] | None = None) -> None:
        self._keyed = keyed
        self._erasures: Mapping[str, str] = erasures or {}

    def refresh(self, con: duckdb.DuckDBPyConnection) -> None:
        """Learn what was erased by now. Raises `SettingsError` where something was and there is no key."""
        try:
            rows = con.execute("SELECT value_hmac, erasure_id FROM wh.ledger.suppressions").fetchall()
        except duckdb.CatalogException:  # a lake from before there were erasures
            rows = []
        if rows and self._keyed is None:
            raise SettingsError(
                "somebody was erased from this lake, and without the key of that a later record would bring "
                "them back; set HIRESTREAM_ERASURE__KEY or HIRESTREAM_ERASURE__KEY_FILE to it"
            )
        self._erasures = dict(rows)

    def suppressed(self, batch: DecodedBatch) -> DecodedBatch:
        """The batch with the records redacted that name somebody who was erased, as the same events."""
        if not self._erasures or self._keyed is None:
            return batch
        erased = {
            index: erasure_id
            for index, (found, body) in enumerate(zip(batch.decoded, batch.raw.bodies, strict=True))
            if (erasure_id := self.erasure_of(found, body)) is not None
        }
        return _without(batch, erased, self._keyed) if erased else batch

    def erasure_of(self, found: Decoded, body: bytes) -> str | None:
        """The erasure of somebody whom a body names, None where it names nobody who was erased."""
        if self._keyed is None:
            return None
        organizations = {None, found.identity.organization_id}
        for kind, value in names_of(found, body):
            for organization in organizations:
                erasure_id = self._erasures.get(self._keyed.hash_of(kind, value, organization))
                if erasure_id is not None:
                    return erasure_id
        return None


def keyed_of(settings: Settings) -> Keyed | None:
    """What is made with the erasure key of the settings; None without one. Raises `SettingsError`."""
    key = settings.erasure.secret()
    return None if key is None else Keyed(key)


def _without(batch: DecodedBatch, erased: Mapping[int, str], keyed: Keyed) -> DecodedBatch:
    bodies, decoded = list(batch.raw.bodies), list(batch.decoded)
    for index in erased:
        provider = (batch.raw.providers[index] or b"").decode(errors="replace")
        bodies[index] = redacted(bodies[index], provider, keyed.pseudonym)
        decoded[index] = _decoded(batch, index, bodies[index], provider)
    return replace(batch, raw=replace(batch.raw, bodies=bodies), decoded=decoded, erased=erased)


def _decoded(batch: DecodedBatch, index: int, body: bytes, provider: str) -> Decoded:
    """The redacted document as the event that was delivered; what was refused stays refused."""
    before = batch.decoded[index]
    if isinstance(before, Rejected):
        return msgspec.structs.replace(before, problems=unquoted_problems(before.problems))
    decoder = decoder_of(provider)
    assert decoder is not None  # noqa: S101 - else it would be rejected
    found = decoder.decode(body, _text(batch.raw.sources[index]), _text(batch.raw.message_ids[index]))
    return msgspec.structs.replace(found, identity=before.identity)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode(errors="replace")
