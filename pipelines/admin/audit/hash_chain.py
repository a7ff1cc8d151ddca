"""Audit check that recomputes the hash chain of the batches."""

from collections.abc import Iterator

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.lake.offsets import FIRST_CHAIN
from pipelines.load.ledger_rows import CHAINED, link

_CHECK, _ALTERED = "chain of batches", "was altered after its commit"
_RECORDS_AT_ONCE = 200_000
"""Ledger rows in memory at once, as text of about 170 bytes each."""

Batch = tuple[int, int | None, str | None]
"""Row of `ledger.batches`: `(batch_id, records, chain_sha256)`."""


def batch_findings(con: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    """Yield the batches at which the recomputed hash chain differs, and missing batches.

    An altered, added or removed ledger row breaks the chain at its batch.
    """
    rows = con.execute(
        "SELECT batch_id, records, chain_sha256 FROM wh.ledger.batches ORDER BY batch_id"
    ).fetchall()
    batches: list[Batch] = [row for row in rows if row[0] is not None]
    if len(batches) < len(rows):
        yield AuditFinding(_CHECK, "batches without a number", _ALTERED, len(rows) - len(batches))
    before, expected = FIRST_CHAIN, 1
    for part in _parts(batches):
        texts = _chained_texts(con, part[0][0], part[-1][0])
        for batch_id, records, chain in part:
            if batch_id != expected:
                yield AuditFinding(_CHECK, f"batch {expected}", "is missing", 0)
            found, text = texts.get(batch_id, (0, None))
            if found != records or link(before, [] if text is None else [text]) != chain:
                yield AuditFinding(_CHECK, f"batch {batch_id}", _ALTERED, found)
            before, expected = chain or "", batch_id + 1


def _parts(batches: list[Batch]) -> Iterator[list[Batch]]:
    """Yield the batches in order, in lists of about as many records as may be in memory."""
    part: list[Batch] = []
    size = 0
    for batch in batches:
        part.append(batch)
        size += batch[1] or 0
        if size >= _RECORDS_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _chained_texts(
    con: duckdb.DuckDBPyConnection, first: int, last: int
) -> dict[int, tuple[int, str | None]]:
    """Return `(number of rows, text that is hashed)` by batch id, with rows in the order of the chain.

    A row with NULL in a hashed column is neither counted nor hashed, so it breaks the chain.
    """
    row = " || '|' || ".join(f'"{name}"' for name in CHAINED)
    order = ", ".join(f'"{name}"' for name in CHAINED[:-1])
    found = con.execute(
        f"""
        SELECT batch_id, count({row}), string_agg({row}, chr(10) ORDER BY {order})
        FROM wh.ledger.deliveries WHERE batch_id BETWEEN {first:d} AND {last:d} GROUP BY batch_id
        """  # noqa: S608 - numbers, written out so that DuckLake picks files by them, and our own names
    ).fetchall()
    return {batch_id: (count, text) for batch_id, count, text in found}
