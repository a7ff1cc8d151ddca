"""Values to search the files for after an erasure: redacted texts that no other record holds."""

from collections.abc import Sequence

import duckdb
import polars as pl

from pipelines.lake.schema import STORED_BODIES_SQL
from pipelines.privacy.identifiers import texts_of
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.redaction import redact

MAX_VALUES = 20
"""Limit of searched values; a search for one value takes about a second for a gigabyte."""

SHORTEST, LONGEST = 8, 80
"""Characters of a searched value; shorter texts are ignored, longer ones cut."""


def probe_values(con: duckdb.DuckDBPyConnection, positions: pl.DataFrame, keyed: KeyedHasher) -> list[str]:
    """Return texts that a redaction of these records removes and no other record has.

    Texts with an @ come first, then the longest. Call it before the redaction, which removes the texts.
    """
    con.register("positions", positions)
    try:
        rows = con.execute(
            f"""
            SELECT kept.body, coalesce(d.provider, '') FROM wh.ledger.deliveries AS d
            SEMI JOIN positions AS p USING (topic_id, partition, "offset")
            JOIN {STORED_BODIES_SQL} AS kept USING (topic_id, partition, "offset")
            """  # noqa: S608 - our own text
        ).fetchall()
        lost = {text for body, provider in rows for text in _removed_texts(body, provider, keyed)}
        first = sorted(lost, key=lambda text: ("@" not in text, -len(text), text))[:MAX_VALUES]
        return _values_not_elsewhere(con, first) if first else []
    finally:
        con.unregister("positions")


def _removed_texts(body: bytes, provider: str, keyed: KeyedHasher) -> set[str]:
    before = set(texts_of(body)) - set(texts_of(redact(body, provider, keyed.pseudonym)))
    return {text[:LONGEST] for text in before if len(text) >= SHORTEST and "\\" not in text}


def _values_not_elsewhere(con: duckdb.DuckDBPyConnection, values: Sequence[str]) -> list[str]:
    """Return the values that no body contains except those of the registered relation `positions`."""
    tests = ", ".join(
        f"coalesce(bool_or(contains(lower(try(decode(body))), lower(?))), false) AS v{number}"
        for number in range(len(values))
    )
    row = con.execute(
        f"SELECT {tests} FROM {STORED_BODIES_SQL} AS kept "  # noqa: S608 - our own text
        'ANTI JOIN positions AS p USING (topic_id, partition, "offset")',
        list(values),
    ).fetchone()
    return [value for value, elsewhere in zip(values, row or (), strict=True) if not elsewhere]
