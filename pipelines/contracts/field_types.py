"""The field types of contracts. A type says what is checked, what it becomes, and whether it is personal."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Confidence = Literal["documented", "example", "guess"]
"""Confidence in a field: documented by the provider, shown in an example only, or guessed."""


@dataclass(frozen=True, slots=True)
class FieldProvenance:
    """Provenance of a field: its meaning, the document that states it, and the confidence."""

    meaning: str
    source: str
    confidence: Confidence


def documented(meaning: str, source: str) -> Meta:
    """The provider's page `source` describes the field."""
    return Meta(extra={"said": FieldProvenance(meaning, source, "documented")})


def shown(meaning: str, source: str) -> Meta:
    """The field stands only in an example of the page `source`."""
    return Meta(extra={"said": FieldProvenance(meaning, source, "example")})


def guess(meaning: str, source: str = "") -> Meta:
    """Nobody documents the field, or its type, like this.

    A guess never rejects a document: a value that does not fit it becomes an extra.
    """
    return Meta(extra={"said": FieldProvenance(meaning, source, "guess")})


class Record(Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A JSON object of a contract. Names are camelCase there; a field it does not name becomes `extras`.
    A document has no cycles, so the garbage collector need not look at it."""


Identifier = Annotated[str, Meta(min_length=1, max_length=512)]
"""An opaque id. Prefixes such as `conv_` are illustrative in the documents and are never checked."""

Text = str
"""Free or enumerated text. Enumerations are open: a value nobody has seen loads like any other."""

PersonalText = Annotated[str, Meta(extra={"personal": True})]
"""Text about a person: names, addresses, what somebody said."""

Instant = Annotated[dt.datetime, Meta(tz=True)]
"""A point in time; ISO 8601 with an offset. Without one it would be a guess, so it is rejected."""

Day = dt.date
"""A calendar date without a zone."""

Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that fits 64 bits."""

Number = Annotated[float, Meta(gt=-(2.0**53), lt=2.0**53)]
"""A decimal number; from 2^53 on a double would change it silently (2^53 + 1 becomes 2^53): rejected."""

Anything = Any
"""Kept as JSON text: its shape is not documented."""

PersonalAnything = Annotated[Any, Meta(extra={"personal": True})]
"""Kept as JSON text, and about a person."""
