"""Suppression: later records that name an erased person are redacted before they are written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

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


@dataclass(frozen=True, slots=True, eq=False)
class SuppressionList:
    """Keyed hashes of the identifiers that were erased, each with the id of its erasure.

    It never changes: a longer list is another object, so a batch can say which one redacted it. Without a key
    it is empty.
    """

    keyed: KeyedHasher | None
    erasures: Mapping[str, str] = field(default_factory=dict)

    def stored(self, rows: Iterable[tuple[str, str]]) -> Self:
        """The list that the lake has: rows of `ledger.suppressions`, (value_hmac, erasure_id).

        Raises `SettingsError` when a person was erased and the key is missing, or is not the key of that
        erasure.
        """
        every = dict(rows)
        erasures = {value: erasure_id for value, erasure_id in every.items() if erasure_id != KEY_MARK}
        marks = every.keys() - erasures.keys()
        if erasures and self.keyed is None:
            raise SettingsError(
                "somebody was erased from this lake, and without the key of that a later record would bring "
                "them back; set HIRESTREAM_ERASURE__KEY or HIRESTREAM_ERASURE__KEY_FILE to it"
            )
        if marks and self.keyed is not None and self.keyed.mark() not in marks:
            raise SettingsError(
                "HIRESTREAM_ERASURE__KEY is not the key of the erasures of this lake: under it nobody who "
                "was erased would be recognised; set it to the one that they were erased under"
            )
        return replace(self, erasures=erasures)

    def extended(self, suppressions: Mapping[str, str]) -> Self:
        """The list with these too: those of a batch, once that is committed."""
        return replace(self, erasures={**self.erasures, **suppressions}) if suppressions else self

    def redacted(self, batch: DecodedBatch) -> DecodedBatch:
        """The batch with the records redacted that name an erased person, as the same events.

        A batch that this list has redacted is returned as it is; one that another list has redacted is
        redacted again, from what was delivered.
        """
        if batch.redacted_by is self:
            return batch
        delivered = batch.delivered or batch
        erased: dict[int, str] = {}
        fresh: dict[str, str] = {}
        while self.erasures and self._add_named(delivered, erased, fresh):  # it may lead to an earlier record
            pass
        if not erased:
            return replace(delivered, redacted_by=self)
        return replace(self._without(delivered, erased, fresh), redacted_by=self, delivered=delivered)

    def erasure_of(self, found: Decoded, body: bytes) -> str | None:
        """The erasure of a person whom a body names, None where it names nobody who was erased."""
        return min(self._erasures_of(found, body, {}), default=None)

    def _add_named(self, batch: DecodedBatch, erased: dict[int, str], fresh: dict[str, str]) -> bool:
        """Add records that name an erased person to `erased` and their linked ids to `fresh`.

        True where `fresh` grew.
        """
        before = len(fresh)
        for index, (found, body) in enumerate(zip(batch.decoded, batch.raw.bodies, strict=True)):
            erasures = set() if index in erased else self._erasures_of(found, body, fresh)
            for erasure_id in sorted(erasures):
                erased.setdefault(index, erasure_id)
                fresh |= self._linked(found, erasure_id)
        return len(fresh) > before

    def _erasures_of(self, found: Decoded, body: bytes, fresh: Mapping[str, str]) -> set[str]:
        if self.keyed is None:
            return set()
        hashes = {
            self.keyed.hash_of(kind, value, organization)
            for kind, value in identifiers_in(found, body)
            for organization in {None, found.identity.organization_id}
        }
        return {known[each] for known in (self.erasures, fresh) for each in hashes & known.keys()}

    def _linked(self, found: Decoded, erasure_id: str) -> dict[str, str]:
        """Ids of a record that lead to more of the same person and are not on the list yet."""
        assert self.keyed is not None  # noqa: S101 - else nothing is named
        allowed = _WIDENED_BY.get(erasure_id.split("-", 1)[0], frozenset())
        organization = found.identity.organization_id
        hashes = {
            self.keyed.hash_of(kind, value, organization)
            for kind, value in linked_identifiers(found)
            if kind in allowed
        }
        return dict.fromkeys(sorted(hashes - self.erasures.keys()), erasure_id)

    def _without(
        self, batch: DecodedBatch, erased: Mapping[int, str], fresh: Mapping[str, str]
    ) -> DecodedBatch:
        assert self.keyed is not None  # noqa: S101 - else nothing is named
        bodies, decoded = list(batch.raw.bodies), list(batch.decoded)
        for index in erased:
            provider = _text(batch.raw.headers["provider"][index]) or ""
            bodies[index] = redact(bodies[index], provider, self.keyed.pseudonym)
            decoded[index] = _redecoded(batch, index, bodies[index], provider)
        raw = replace(batch.raw, bodies=bodies)
        return replace(batch, raw=raw, decoded=decoded, erased=erased, suppressions=fresh)


def _redecoded(batch: DecodedBatch, index: int, body: bytes, provider: str) -> Decoded:
    """The redacted document as the event that was delivered; what was refused stays refused.

    Its key is that of the delivery. All else is read from what is kept, as a rebuild does: an id may hold an
    address.
    """
    before = batch.decoded[index]
    if isinstance(before, DecodeFailure):
        return msgspec.structs.replace(before, problems=unquoted_problems(before.problems))
    headers = batch.raw.headers
    found = decode_one(provider, body, _text(headers["source"][index]), _text(headers["message_id"][index]))
    return as_event(found, before.identity.event_key, before.identity.key_kind)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode(errors="replace")
