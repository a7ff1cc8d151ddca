"""Whom a record names: addresses in any of its texts, ids of candidates, conversations and bookings."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, cast

import msgspec

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Record
from pipelines.contracts.registry import contracts
from pipelines.decode.decoder import Decoded, TypedEvent, value_at
from pipelines.decode.event_key import parse_json
from pipelines.flatten.derived_tables import tables_of
from pipelines.privacy.redaction import ADDRESS

NameKind = Literal["email", "candidate", "conversation", "booking"]

IDS: dict[str, NameKind] = {
    "candidate_id": "candidate",
    "external_candidate_id": "candidate",
    "candidate_profile_id": "candidate",
    "candidate_profile_external_id": "candidate",
    "conversation_id": "conversation",
    "external_conversation_id": "conversation",
    "record_id": "conversation",  # of an uploaded document; nobody says whether it is that or the document
    "booking_id": "booking",
    "meeting_id": "booking",
    "prev_meeting_id": "booking",
}
"""Columns of contracts that hold the id of somebody, or of what is about one person."""

_ID_KINDS: tuple[NameKind, ...] = ("candidate", "conversation", "booking")
_PLACEHOLDER_ID = re.compile(
    r"\s*(|null|undefined|none|nil|nan|n/?a|unknown|true|false|[0-]*)\s*", re.IGNORECASE
)
_LONGEST = 512
_AROUND = ".*`!~\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\u2026"
"""Punctuation that texts put around an address without a space, and in which no address ends."""

Name = tuple[NameKind, str]
"""A kind, and the value; an address is in small letters."""


def plain_value(kind: str, value: str) -> str:
    """A value as names have it."""
    return value.strip().lower() if kind == "email" else value


def identifiers_in(found: Decoded, body: bytes) -> set[Name]:
    """Identifiers in a record. Without a contract, every text may be an identifier of any kind."""
    texts = list(texts_of(body))
    names: set[Name] = {("email", address) for text in texts for address in _addresses(text)}
    if isinstance(found, TypedEvent):
        return names | linked_identifiers(found)
    whole = {text for text in texts if 0 < len(text) <= _LONGEST}
    return names | {(kind, text) for text in whole for kind in _ID_KINDS}


def linked_identifiers(found: Decoded) -> set[Name]:
    """The ids by which other records of the same person are found: those that a contract describes."""
    if not isinstance(found, TypedEvent):
        return set()
    values = ((kind, value_at(found.document, path)) for kind, path in _id_paths(type(found.document)))
    return {
        (kind, value)
        for kind, value in values
        if isinstance(value, str) and not _PLACEHOLDER_ID.fullmatch(value)
    }


@cache
def _id_paths(document: type[Record]) -> tuple[tuple[NameKind, tuple[str, ...]], ...]:
    contract = _by_document()[document]
    columns = tables_of(contract.provider.name, contract.event_type).event.columns
    return tuple((IDS[column.name], column.path) for column in columns if column.name in IDS)


@cache
def _by_document() -> dict[type[Record], Contract]:
    return {contract.document: contract for contract in contracts().values()}


def _addresses(text: str) -> Iterator[str]:
    if "@" in text or "%40" in text:
        for found in ADDRESS.findall(text):
            yield re.sub("%40", "@", cast(str, found), flags=re.IGNORECASE).lower().strip(_AROUND)


def texts_of(body: bytes) -> Iterator[str]:
    """Every text of a body, names of fields too; the body itself where it is not JSON."""
    try:
        yield from _texts(parse_json(body.decode()))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        yield body.decode(errors="replace")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "@" in name:
                yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
