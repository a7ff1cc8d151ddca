"""Reject history from the ledger: recent counts, and the deliveries in quarantine."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime

import duckdb

from pipelines.load.outcomes import Delivery
from pipelines.load.reject_limit import NO_SOURCE, WINDOW

BATCHES_BACK = 10_000
RECORDS_BACK = 20_000
"""Of all sources together: how far a loader looks back when it starts."""


def committed_windows(con: duckdb.DuckDBPyConnection) -> dict[str, deque[bool]]:
    """The last outcomes of each source, as `RejectLimit` keeps them.

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


def quarantined_among(con: duckdb.DuckDBPyConnection, deliveries: Mapping[str, datetime]) -> set[Delivery]:
    """Deliveries that are in quarantine, among these ids with their times of receipt.

    One that was written to the topic twice says the same time both times, so only what was received then is
    read, however much is in quarantine.
    """
    if not deliveries:
        return set()
    ids, first, last = list(deliveries), min(deliveries.values()), max(deliveries.values())
    batches = con.execute(
        f"""
        SELECT DISTINCT batch_id FROM wh.quarantine.records
        WHERE received_at BETWEEN TIMESTAMPTZ '{first}' AND TIMESTAMPTZ '{last}'
            AND delivery_id IN (SELECT unnest(?))
        """,  # noqa: S608 - times, written out so that DuckLake picks files by them
        [ids],
    ).fetchall()
    if not batches:
        return set()
    rows = con.execute(
        f"""
        SELECT delivery_id, body_sha256 FROM wh.ledger.deliveries
        WHERE batch_id IN ({", ".join(str(batch_id) for (batch_id,) in batches)})
            AND outcome = 'quarantined' AND delivery_id IN (SELECT unnest(?))
        """,  # noqa: S608 - numbers, written out so that DuckLake picks files by them
        [ids],
    ).fetchall()
    return set(rows)
