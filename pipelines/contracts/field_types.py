"""Field types of contracts: each sets what is checked, the Python type, and whether the value is personal."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Confidence = Literal["documented", "example", "guess"]
"""Confidence in a field: documented by the provider, shown only in an example, or guessed."""


@dataclass(frozen=True, slots=True)
class FieldProvenance:
    """Provenance of a field: its meaning, the provider's page that states it, and the confidence."""

    meaning: str
    source: str
    confidence: Confidence


def documented(meaning: str, source: str) -> Meta:
    """Annotation of a field that the provider's page `source` describes."""
    return Meta(extra={"said": FieldProvenance(meaning, source, "documented")})


def shown(meaning: str, source: str) -> Meta:
    """Annotation of a field that appears only in an example on the provider's page `source`."""
    return Meta(extra={"said": FieldProvenance(meaning, source, "example")})


def guess(meaning: str, source: str = "") -> Meta:
    """Annotation of a field whose name or type is a guess, because no page documents it.

    A guess never rejects a document: a value that does not fit it becomes an extra.
    """
    return Meta(extra={"said": FieldProvenance(meaning, source, "guess")})


class Record(Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """Base class of the JSON objects of contracts. Field names are camelCase in JSON.

    Fields that the class does not name become `extras`. `gc=False` because documents have no cycles.
    """


Identifier = Annotated[str, Meta(min_length=1, max_length=512)]
"""An opaque id. Prefixes such as `conv_` are examples in the documentation and are never checked."""

Text = str
"""Free or enumerated text. Enumerations are open: an unknown value loads like any other."""

PersonalText = Annotated[str, Meta(extra={"personal": True})]
"""Text about a person: names, addresses, answers."""

Instant = Annotated[dt.datetime, Meta(tz=True)]
"""A point in time, ISO 8601 with a UTC offset. Without one it is rejected, as the zone would be a guess."""

Day = dt.date
"""A calendar date without a time zone."""

Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that fits 64 bits."""

Number = Annotated[float, Meta(gt=-(2.0**53), lt=2.0**53)]
"""A decimal number below 2^53. A double would silently change larger ones (2^53 + 1 becomes 2^53)."""

Anything = Any
"""Any JSON value, stored as JSON text, because its shape is not documented."""

PersonalAnything = Annotated[Any, Meta(extra={"personal": True})]
"""Any JSON value about a person, stored as JSON text."""
