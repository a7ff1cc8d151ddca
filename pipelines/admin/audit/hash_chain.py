"""The chain of batches, recomputed."""

from collections.abc import Iterator

import duckdb

from pipelines.admin.audit.findings import AuditFinding
from pipelines.lake.offsets import FIRST_CHAIN
from pipelines.load.ledger_rows import CHAINED, link

_CHECK, _ALTERED = "chain of batches", "was altered after its commit"
_RECORDS_AT_ONCE = 200_000
"""In memory, as text of about 170 bytes each."""

Batch = tuple[int, int | None, str | None]
"""Its number, how many records it says it has, and the end of the chain it says."""


def batch_findings(con: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    """The hash chain recomputed: an altered, added or removed ledger row breaks it at its batch."""
    rows = con.execute(
        "SELECT batch_id, records, chain_sha256 FROM wh.ledger.batches ORDER BY batch_id"
    ).fetchall()
    batches: list[Batch] = [row for row in rows if row[0] is not None]
    if len(batches) < len(rows):
        yield AuditFinding(_CHECK, "batches without a number", _ALTERED, len(rows) - len(batches))
    before, expected = FIRST_CHAIN, 1
    for part in _parts(batches):
        texts = _texts(con, part[0][0], part[-1][0])
        for batch_id, records, chain in part:
            if batch_id != expected:
                yield AuditFinding(_CHECK, f"batch {expected}", "is missing", 0)
            found, text = texts.get(batch_id, (0, None))
            if found != records or link(before, [] if text is None else [text]) != chain:
                yield AuditFinding(_CHECK, f"batch {batch_id}", _ALTERED, found)
            before, expected = chain or "", batch_id + 1


def _parts(batches: list[Batch]) -> Iterator[list[Batch]]:
    """In order, each of about as many records as may be in memory."""
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


def _texts(con: duckdb.DuckDBPyConnection, first: int, last: int) -> dict[int, tuple[int, str | None]]:
    """By batch its rows: how many, and what of them is chained, in the order of the chain.

    A row that lacks some of that is left out and not counted, so that the chain does not fit."""
    row = " || '|' || ".join(f'"{name}"' for name in CHAINED)
    order = ", ".join(f'"{name}"' for name in CHAINED[:-1])
    found = con.execute(
        f"""
        SELECT batch_id, count({row}), string_agg({row}, chr(10) ORDER BY {order})
        FROM wh.ledger.deliveries WHERE batch_id BETWEEN {first:d} AND {last:d} GROUP BY batch_id
        """  # noqa: S608 - numbers, written out so that DuckLake picks files by them, and our own names
    ).fetchall()
    return {batch_id: (count, text) for batch_id, count, text in found}
