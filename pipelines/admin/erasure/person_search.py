"""Every record that names somebody, and those that belong to the same person without saying the name."""

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
"""Ids in a record of the person that lead to more records of the same person."""

AT_ONCE = 400
"""Values in one regular expression."""

Wanted = tuple[NameKind, str | None, str]
"""Kind, organization (None: any), value."""


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Whom to forget; an organization limits it to that one's records."""

    kind: Kind
    value: str
    organization: str | None = None


@dataclass(slots=True)
class PersonRecords:
    """The records by position, in ledger order, and everything they are found by."""

    names: set[Wanted] = field(default_factory=set)
    positions: set[tuple[str, int, int]] = field(default_factory=set)

    def frame(self) -> pl.DataFrame:
        """The positions as a frame."""
        schema = {"topic_id": pl.String(), "partition": pl.Int64(), "offset": pl.Int64()}
        return pl.DataFrame(sorted(self.positions), schema=schema, orient="row")


def find(con: duckdb.DuckDBPyConnection, request: ErasureRequest, erasure_id: str) -> PersonRecords:
    """Stored records of a person: bodies of the ledger, of differing duplicates and of the quarantine.

    Records that this erasure has redacted before are part of it: they lead to those that it has not.
    """
    first: Wanted = (request.kind, request.organization, plain_value(request.kind, request.value))
    found = PersonRecords({first})
    fresh = {first} | _take(found, request, _redacted_before(con, erasure_id), set())
    while fresh:
        asked, fresh = fresh, set()
        for part in _parts(sorted(asked, key=str)):
            fresh |= _take(found, request, _candidates(con, part), set(part))
    return found


def _take(
    found: PersonRecords, request: ErasureRequest, rows: pl.DataFrame, asked: set[Wanted]
) -> set[Wanted]:
    """Note the rows that name what is asked, all when nothing is; returns what they name besides."""
    fresh: set[Wanted] = set()
    for row in rows.iter_rows(named=True):
        organization = row["organization_id"]
        if request.organization and organization not in (None, request.organization):
            continue
        decoded = decode_row(row)
        if asked and not _names_any(identifiers_in(decoded, row["body"]), organization, asked):
            continue
        found.positions.add((row["topic_id"], row["partition"], row["offset"]))
        allowed = _WIDENED_BY[request.kind]
        fresh |= {
            (kind, organization, value) for kind, value in linked_identifiers(decoded) if kind in allowed
        }
    fresh -= found.names
    found.names |= fresh
    return fresh


def _names_any(names: set[tuple[NameKind, str]], organization: str | None, asked: set[Wanted]) -> bool:
    """A record that does not say whose it is may be anybody's."""
    if organization is None:
        return not names.isdisjoint({(kind, value) for kind, _, value in asked})
    return any({(kind, None, value), (kind, organization, value)} & asked for kind, value in names)


def decode_row(row: dict[str, Any]) -> Decoded:
    """A row of the ledger with its body, by the contracts of today."""
    return decode_one(row["provider"] or "", row["body"], row["source"], row["message_id"])


def _parts(values: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _redacted_before(con: duckdb.DuckDBPyConnection, erasure_id: str) -> pl.DataFrame:
    return con.execute(
        f"""
        SELECT d.*, kept.body FROM wh.ledger.redactions AS r
        JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset")
        JOIN {STORED_BODIES_SQL} AS kept USING (topic_id, partition, "offset") WHERE r.erasure_id = ?
        """,  # noqa: S608 - our own text
        [erasure_id],
    ).pl()


def _candidates(con: duckdb.DuckDBPyConnection, asked: Sequence[Wanted]) -> pl.DataFrame:
    """Records whose bytes may hold one of the values; looked at closely afterwards."""
    return con.execute(
        f"""
        SELECT d.*, kept.body FROM (
            FROM {STORED_BODIES_SQL} WHERE coalesce(regexp_matches(try(decode(body)), ?), true)
        ) AS kept JOIN wh.ledger.deliveries AS d USING (topic_id, partition, "offset")
        """,  # noqa: S608 - our own text
        [pattern_of([value for _, _, value in asked])],
    ).pl()


def pattern_of(values: Sequence[str]) -> str:
    """A regular expression that finds each of the values in JSON text, however JSON writes them."""
    escaped = r"\\u00[0-7]" if all(value.isascii() for value in values) else r"\\u"
    return "(?i)" + "|".join([*("".join(map(_literal, value)) for value in values), escaped])


def _literal(character: str) -> str:
    if character == "@":
        return "(@|%40)"
    if character in '"\\/':
        return r"\\*" + f"\\{character}"
    return character if character.isalnum() or not character.isascii() else f"\\{character}"
