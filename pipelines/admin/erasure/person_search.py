"""Search for the records of a person: by a given identifier, and by ids found in those records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import duckdb
import polars as pl

from pipelines.decode.decoder import Decoded, decode_one
from pipelines.lake.schema import STORED_BODIES_SQL
from pipelines.privacy.identifiers import NameKind, identifiers_in, linked_identifiers, plain_value

Kind = Literal["email", "candidate", "conversation"]

_WIDENED_BY: dict[Kind, frozenset[NameKind]] = {
    "email": frozenset({"candidate", "conversation", "booking"}),
    "candidate": frozenset({"candidate", "conversation", "booking"}),
    "conversation": frozenset({"booking"}),
}
"""Kinds of ids by which the search continues, by kind of the request."""

AT_ONCE = 400
"""Number of values in one regular expression."""

Wanted = tuple[NameKind, str | None, str]
"""Identifier to search for: `(kind, organization, value)`; organization None means any."""


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Identifier of the person to erase; `organization` limits the erasure to records of that one."""

    kind: Kind
    value: str
    organization: str | None = None


@dataclass(slots=True)
class PersonRecords:
    """Records of a person.

    `names` are the identifiers that the search used, `positions` the records as `(topic_id, partition,
    offset)`.
    """

    names: set[Wanted] = field(default_factory=set)
    positions: set[tuple[str, int, int]] = field(default_factory=set)

    def frame(self) -> pl.DataFrame:
        """Return the positions, sorted, as a frame with a column for each part."""
        schema = {"topic_id": pl.String(), "partition": pl.Int64(), "offset": pl.Int64()}
        return pl.DataFrame(sorted(self.positions), schema=schema, orient="row")


def find(con: duckdb.DuckDBPyConnection, request: ErasureRequest, erasure_id: str) -> PersonRecords:
    """Find the stored records of a person: loaded ones, differing duplicates and quarantined ones.

    Records that this erasure has redacted already are included: their ids find those that it has not.
    """
    first: Wanted = (request.kind, request.organization, plain_value(request.kind, request.value))
    found = PersonRecords({first})
    fresh = {first} | _add_matching(found, request, _records_redacted_before(con, erasure_id), set())
    while fresh:
        wanted, fresh = fresh, set()
        for part in _parts(sorted(wanted, key=str)):
            fresh |= _add_matching(found, request, _candidates(con, part), set(part))
    return found


def _add_matching(
    found: PersonRecords, request: ErasureRequest, rows: pl.DataFrame, wanted: set[Wanted]
) -> set[Wanted]:
    """Add to `found` the rows that name an identifier of `wanted`, or all rows when `wanted` is empty.

    Return the further identifiers in these rows.
    """
    fresh: set[Wanted] = set()
    for row in rows.iter_rows(named=True):
        organization = row["organization_id"]
        if request.organization and organization not in (None, request.organization):
            continue
        decoded = decode_row(row)
        if wanted and not _names_any(identifiers_in(decoded, row["body"]), organization, wanted):
            continue
        found.positions.add((row["topic_id"], row["partition"], row["offset"]))
        allowed = _WIDENED_BY[request.kind]
        fresh |= {
            (kind, organization, value) for kind, value in linked_identifiers(decoded) if kind in allowed
        }
    fresh -= found.names
    found.names |= fresh
    return fresh


def _names_any(names: set[tuple[NameKind, str]], organization: str | None, wanted: set[Wanted]) -> bool:
    """Return whether one of the names is wanted; a record without organization matches any organization."""
    if organization is None:
        return not names.isdisjoint({(kind, value) for kind, _, value in wanted})
    return any({(kind, None, value), (kind, organization, value)} & wanted for kind, value in names)


def decode_row(row: dict[str, Any]) -> Decoded:
    """Decode a ledger row with its `body` by the current contracts."""
    return decode_one(row["provider"] or "", row["body"], row["source"], row["message_id"])


def _parts(values: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _records_redacted_before(con: duckdb.DuckDBPyConnection, erasure_id: str) -> pl.DataFrame:
    return con.execute(
        f"""
        SELECT d.*, kept.body FROM wh.ledger.redactions AS r
        JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset")
        JOIN {STORED_BODIES_SQL} AS kept USING (topic_id, partition, "offset") WHERE r.erasure_id = ?
        """,  # noqa: S608 - our own text
        [erasure_id],
    ).pl()


def _candidates(con: duckdb.DuckDBPyConnection, wanted: Sequence[Wanted]) -> pl.DataFrame:
    """Return records whose bytes may hold one of the values; the caller decodes and checks them."""
    return con.execute(
        f"""
        SELECT d.*, kept.body FROM (
            FROM {STORED_BODIES_SQL} WHERE coalesce(regexp_matches(try(decode(body)), ?), true)
        ) AS kept JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset")
        """,  # noqa: S608 - our own text
        [pattern_of([value for _, _, value in wanted])],
    ).pl()


def pattern_of(values: Sequence[str]) -> str:
    """Return a regular expression that matches JSON text with one of the values, also when escaped."""
    escaped = r"\\u00[0-7]" if all(value.isascii() for value in values) else r"\\u"
    return "(?i)" + "|".join([*("".join(map(_literal, value)) for value in values), escaped])


def _literal(character: str) -> str:
    if character == "@":
        return "(@|%40)"
    if character in '"\\/':
        return r"\\*" + f"\\{character}"
    return character if character.isalnum() or not character.isascii() else f"\\{character}"
