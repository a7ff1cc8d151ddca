"""The field types of contracts. A type says what is checked, what it becomes, and whether it is personal."""

import datetime as dt
from typing import Annotated, Any

from msgspec import Meta, Struct


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

Number = Annotated[float, Meta(ge=-(2.0**53), le=2.0**53)]
"""A decimal number; beyond 2^53 a double would change it silently, so it is rejected."""

Anything = Any
"""Kept as JSON text: its shape is not documented."""
