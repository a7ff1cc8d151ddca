"""What the lake knows of rejects when more of them come: how many of late, and which deliveries they are."""

from collections import deque
from collections.abc import Sequence

import duckdb

from pipelines.warehouse.outcomes import Delivery
from pipelines.warehouse.rejects import NO_SOURCE, WINDOW

BATCHES_BACK = 10_000
RECORDS_BACK = 20_000
"""Of all sources together: how far a loader looks back when it starts."""


def committed_windows(con: duckdb.DuckDBPyConnection) -> dict[str, deque[bool]]:
    """The last outcomes of each source, as `RejectWindow` keeps them.

    A source of which there are few so far back has a shorter window. What was replayed is no reject any more.
    """
    ((first,),) = con.execute(
        f"""
        SELECT coalesce(min(batch_id), 0) FROM (
            SELECT batch_id, sum(records) OVER (ORDER BY batch_id DESC) - records AS newer
            FROM (FROM wh.ledger.batches ORDER BY batch_id DESC LIMIT {BATCHES_BACK:d})
        ) WHERE newer < {RECORDS_BACK:d}
        """  # noqa: S608 - numbers
    ).fetchall()
    newest_first = con.execute(
        f"""
        SELECT source, outcome = 'quarantined' FROM wh.ledger.deliveries WHERE batch_id >= {first:d}
        ORDER BY batch_id DESC, partition DESC, "offset" DESC LIMIT {RECORDS_BACK:d}
        """  # noqa: S608 - numbers, written out so that DuckLake picks files by them
    ).fetchall()
    windows: dict[str, deque[bool]] = {}
    for source, rejected in reversed(newest_first):
        windows.setdefault(source or NO_SOURCE, deque(maxlen=WINDOW)).append(rejected)
    return windows


def quarantined_among(con: duckdb.DuckDBPyConnection, delivery_ids: Sequence[str]) -> set[Delivery]:
    """The deliveries with these ids that are in quarantine."""
    if not delivery_ids:
        return set()
    asked = "delivery_id IN (SELECT unnest(?))"
    batches = con.execute(
        f"SELECT DISTINCT batch_id FROM wh.quarantine.records WHERE {asked}",  # noqa: S608 - our own text
        [delivery_ids],
    ).fetchall()
    if not batches:
        return set()
    rows = con.execute(
        f"""
        SELECT delivery_id, body_sha256 FROM wh.ledger.deliveries
        WHERE batch_id IN ({", ".join(str(batch_id) for (batch_id,) in batches)})
            AND outcome = 'quarantined' AND {asked}
        """,  # noqa: S608 - numbers, written out so that DuckLake picks files by them
        [delivery_ids],
    ).fetchall()
    return set(rows)
