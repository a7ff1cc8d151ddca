"""Values by which to search the files afterwards: what was redacted and nobody else's record holds."""

from collections.abc import Sequence

import duckdb
import polars as pl

from pipelines.lake.schema import STORED_BODIES_SQL
from pipelines.privacy.identifiers import texts_of
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.redaction import redact

MAX_VALUES = 20
"""To look for one value in a gigabyte takes about a second."""

SHORTEST, LONGEST = 8, 80


def values_of(con: duckdb.DuckDBPyConnection, positions: pl.DataFrame, keyed: KeyedHasher) -> list[str]:
    """Texts that redacting these records takes away and no other record has; addresses first, then long ones.

    Ask before they are redacted: afterwards nobody knows them.
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
        lost = {text for body, provider in rows for text in _lost(body, provider, keyed)}
        first = sorted(lost, key=lambda text: ("@" not in text, -len(text), text))[:MAX_VALUES]
        return _of_nobody_else(con, first) if first else []
    finally:
        con.unregister("positions")


def _lost(body: bytes, provider: str, keyed: KeyedHasher) -> set[str]:
    before = set(texts_of(body)) - set(texts_of(redact(body, provider, keyed.pseudonym)))
    return {text[:LONGEST] for text in before if len(text) >= SHORTEST and "\\" not in text}


def _of_nobody_else(con: duckdb.DuckDBPyConnection, values: Sequence[str]) -> list[str]:
    """Those of the values that stand in no body beyond `positions`."""
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
