"""Suppression: later records that name an erased person are redacted before they are written."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import duckdb
import msgspec

from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.decode.decoder import Decoded, DecodeFailure, as_event, decode_one
from pipelines.privacy.identifiers import NameKind, identifiers_in, linked_identifiers
from pipelines.privacy.keyed_hash import KEY_MARK, KeyedHasher
from pipelines.privacy.redaction import redact, unquoted_problems
from receiver.settings import SettingsError

_WIDENED_BY: Mapping[str, frozenset[NameKind]] = MappingProxyType(
    {
        "email": frozenset({"conversation", "booking"}),
        "candidate": frozenset({"conversation", "booking"}),
        "conversation": frozenset({"booking"}),
    }
)
"""Ids in a later record of the person that lead to more of the same person, by the kind of the erasure.

As when records are searched, but for candidates: the address of an interviewer leads to everybody they meet,
which somebody has to look at first.
"""


class Suppressor:
    """Knows the keyed hashes of what was erased. Without a key it knows that there is nothing."""

    def __init__(self, keyed: KeyedHasher | None, erasures: Mapping[str, str] | None = None) -> None:
        self._keyed = keyed
        self._erasures: Mapping[str, str] = erasures or {}

    def refresh(self, con: duckdb.DuckDBPyConnection) -> None:
        """Learn what was erased by now. Raises `SettingsError` where something was and there is no key, or
        another one than it was erased under."""
        try:
            rows = con.execute("SELECT value_hmac, erasure_id FROM wh.ledger.suppressions").fetchall()
        except duckdb.CatalogException:  # a lake from before there were erasures
            rows = []
        marks = {value for value, erasure_id in rows if erasure_id == KEY_MARK}
        erasures = {value: erasure_id for value, erasure_id in rows if erasure_id != KEY_MARK}
        if erasures and self._keyed is None:
            raise SettingsError(
                "somebody was erased from this lake, and without the key of that a later record would bring "
                "them back; set HIRESTREAM_ERASURE__KEY or HIRESTREAM_ERASURE__KEY_FILE to it"
            )
        if marks and self._keyed is not None and self._keyed.mark() not in marks:
            raise SettingsError(
                "HIRESTREAM_ERASURE__KEY is not the key of the erasures of this lake: under it nobody who "
                "was erased would be recognised; set it to the one that they were erased under"
            )
        self._erasures = erasures

    def learn(self, suppressions: Mapping[str, str]) -> None:
        """Know these too, by keyed hash: those of a batch, once that is committed."""
        if suppressions:
            self._erasures = {**self._erasures, **suppressions}

    def suppressed(self, batch: DecodedBatch) -> DecodedBatch:
        """The batch with the records redacted that name somebody who was erased, as the same events.

        Its `suppressions` are what `learn` wants to hear once they are committed.
        """
        if not self._erasures or self._keyed is None:
            return batch
        erased: dict[int, str] = {}
        fresh: dict[str, str] = {}
        while self._named(batch, erased, fresh):  # what a record leads to may stand before it
            pass
        return _without(batch, erased, fresh, self._keyed) if erased else batch

    def erasure_of(self, found: Decoded, body: bytes) -> str | None:
        """The erasure of somebody whom a body names, None where it names nobody who was erased."""
        return min(self._erasures_of(found, body, {}), default=None)

    def _named(self, batch: DecodedBatch, erased: dict[int, str], fresh: dict[str, str]) -> bool:
        """Add the records that name somebody to `erased`, what they lead to to `fresh`; whether that grew."""
        before = len(fresh)
        for index, (found, body) in enumerate(zip(batch.decoded, batch.raw.bodies, strict=True)):
            erasures = set() if index in erased else self._erasures_of(found, body, fresh)
            for erasure_id in sorted(erasures):
                erased.setdefault(index, erasure_id)
                fresh |= self._led_to(found, erasure_id)
        return len(fresh) > before

    def _erasures_of(self, found: Decoded, body: bytes, fresh: Mapping[str, str]) -> set[str]:
        if self._keyed is None:
            return set()
        hashes = {
            self._keyed.hash_of(kind, value, organization)
            for kind, value in identifiers_in(found, body)
            for organization in {None, found.identity.organization_id}
        }
        return {known[each] for known in (self._erasures, fresh) for each in hashes & known.keys()}

    def _led_to(self, found: Decoded, erasure_id: str) -> dict[str, str]:
        """The ids of a record by which more of the same person are found, that are not suppressed yet."""
        assert self._keyed is not None  # noqa: S101 - else nothing is named
        allowed = _WIDENED_BY.get(erasure_id.split("-", 1)[0], frozenset())
        organization = found.identity.organization_id
        hashes = {
            self._keyed.hash_of(kind, value, organization)
            for kind, value in linked_identifiers(found)
            if kind in allowed
        }
        return dict.fromkeys(sorted(hashes - self._erasures.keys()), erasure_id)


def _without(
    batch: DecodedBatch, erased: Mapping[int, str], fresh: Mapping[str, str], keyed: KeyedHasher
) -> DecodedBatch:
    bodies, decoded = list(batch.raw.bodies), list(batch.decoded)
    for index in erased:
        provider = (batch.raw.providers[index] or b"").decode(errors="replace")
        bodies[index] = redact(bodies[index], provider, keyed.pseudonym)
        decoded[index] = _decoded(batch, index, bodies[index], provider)
    raw = replace(batch.raw, bodies=bodies)
    return replace(batch, raw=raw, decoded=decoded, erased=erased, suppressions=fresh)


def _decoded(batch: DecodedBatch, index: int, body: bytes, provider: str) -> Decoded:
    """The redacted document as the event that was delivered; what was refused stays refused.

    Its key is that of the delivery. All else is read from what is kept, as a rebuild does: an id may hold an
    address.
    """
    before = batch.decoded[index]
    if isinstance(before, DecodeFailure):
        return msgspec.structs.replace(before, problems=unquoted_problems(before.problems))
    found = decode_one(provider, body, _text(batch.raw.sources[index]), _text(batch.raw.message_ids[index]))
    return as_event(found, before.identity.event_key, before.identity.key_kind)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode(errors="replace")
