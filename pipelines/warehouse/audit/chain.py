"""The chain of batches, recomputed."""

from collections.abc import Iterator

import duckdb
import polars as pl

from pipelines.warehouse.audit.findings import Finding
from pipelines.warehouse.ledger import CHAINED, chained
from pipelines.warehouse.positions import FIRST_CHAIN
from pipelines.warehouse.tables import DELIVERIES

_BATCHES_AT_ONCE = 500
_NO_ROWS = pl.DataFrame(schema={name: DELIVERIES[name] for name in CHAINED})


def batch_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """The hash chain recomputed: an altered, added or removed ledger row breaks it at its batch."""
    batches = con.execute(
        "SELECT batch_id, records, chain_sha256 FROM wh.ledger.batches ORDER BY batch_id"
    ).fetchall()
    before, expected = FIRST_CHAIN, 1
    for start in range(0, len(batches), _BATCHES_AT_ONCE):
        part = batches[start : start + _BATCHES_AT_ONCE]
        rows = _rows_of_batches(con, part[0][0], part[-1][0])
        for batch_id, records, chain in part:
            if batch_id != expected:
                yield Finding("chain of batches", f"batch {expected}", "is missing", 0)
            found = rows.get((batch_id,), _NO_ROWS)
            if found.height != records or chained(before, found) != chain:
                yield Finding(
                    "chain of batches", f"batch {batch_id}", "was altered after its commit", records
                )
            before, expected = chain, batch_id + 1


def _rows_of_batches(
    con: duckdb.DuckDBPyConnection, first: int, last: int
) -> dict[tuple[object, ...], pl.DataFrame]:
    rows = con.execute(
        """
        SELECT batch_id, topic_id, partition, "offset", body_sha256
        FROM wh.ledger.deliveries WHERE batch_id BETWEEN ? AND ?
        """,
        [first, last],
    ).pl()
    return rows.partition_by("batch_id", as_dict=True)
