"""Stored bodies of loaded records with their ledger rows, in slices, for decoding again.

Each statement reads the newest snapshot of the lake, so the body of a record that was just erased is read
redacted. `changed_since` returns the records that changed since an earlier statement.
"""

from collections.abc import Iterator

import duckdb
import polars as pl

SLICE_RECORDS = 20_000
"""Records in memory at once; their bodies and rows take a few hundred MB."""


_LOADED = "(FROM wh.ledger.deliveries WHERE outcome = 'loaded')"
_PLACE = '(topic_id, partition, "offset")'


def count_loaded(con: duckdb.DuckDBPyConnection, most_batch_id: int | None = None) -> int:
    """Count the loaded records of the lake, or those up to a batch."""
    where = "true" if most_batch_id is None else f"batch_id <= {most_batch_id:d}"
    ((found,),) = con.execute(f"SELECT count(*) FROM {_LOADED} WHERE {where}").fetchall()  # noqa: S608 - a number
    return int(found)


def loaded_records(con: duckdb.DuckDBPyConnection, most_batch_id: int) -> Iterator[pl.DataFrame]:
    """Yield every loaded record up to a batch, with its body, in slices in the order of the batches."""
    for first, last in _ranges(con, most_batch_id):
        rows = con.execute(
            f"""
            SELECT d.*, kept.body FROM {_LOADED} AS d
            JOIN (FROM wh.ledger.bodies WHERE batch_id BETWEEN {first} AND {last}) AS kept
                USING (topic_id, partition, "offset")
            WHERE d.batch_id BETWEEN {first} AND {last}
            ORDER BY d.batch_id, partition, "offset"
            """  # noqa: S608 - numbers, written out so that DuckLake picks files by them
        ).pl()
        yield from rows.iter_slices(SLICE_RECORDS)


def _ranges(con: duckdb.DuckDBPyConnection, most_batch_id: int) -> Iterator[tuple[int, int]]:
    """Yield `(first, last)` batch ids of ranges with about as many records as a slice."""
    found = con.execute(
        f"""
        SELECT min(batch_id), max(batch_id) FROM (
            SELECT batch_id, sum(count(*)) OVER (ORDER BY batch_id) - 1 AS before
            FROM {_LOADED} WHERE batch_id <= {most_batch_id:d} GROUP BY batch_id
        ) GROUP BY before // {SLICE_RECORDS} ORDER BY 1
        """  # noqa: S608 - numbers
    ).fetchall()
    yield from found


def changed_since(
    con: duckdb.DuckDBPyConnection, batch_id: int, erased: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Yield loaded records, with their bodies, that a later batch loaded or moved, and those erased since.

    `erased` has `event_key` and `erased_at` of the erasures that are known already.
    """
    con.register("erased_before", erased)
    places = con.execute(
        f"""
        SELECT topic_id, partition, "offset", batch_id FROM {_LOADED}
        WHERE batch_id > {batch_id:d} OR moved_batch_id > {batch_id:d} OR (
            erased_at IS NOT NULL AND (event_key, erased_at) NOT IN (FROM erased_before)
        )
        ORDER BY batch_id, partition, "offset"
        """  # noqa: S608 - a number
    ).pl()
    con.unregister("erased_before")
    for part in places.iter_slices(SLICE_RECORDS):
        yield records_at(con, part)


def records_at(con: duckdb.DuckDBPyConnection, places: pl.DataFrame) -> pl.DataFrame:
    """Return the loaded records, with their bodies, at `(topic_id, partition, offset, batch_id)`.

    `places` must have at least one row.
    """
    con.register("places", places)
    batches = places["batch_id"].to_list()
    between = f"BETWEEN {min(batches):d} AND {max(batches):d}"
    rows = con.execute(
        f"""
        SELECT d.*, kept.body FROM (FROM {_LOADED} WHERE batch_id {between}) AS d
        JOIN (FROM wh.ledger.bodies WHERE batch_id {between}) AS kept USING (topic_id, partition, "offset")
        WHERE {_PLACE} IN (SELECT {_PLACE} FROM places)
        ORDER BY d.batch_id, partition, "offset"
        """  # noqa: S608 - numbers
    ).pl()
    con.unregister("places")
    return rows


def erased_among(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `event_key` and `erased_at` of the erased records among `rows`."""
    return rows.filter(pl.col("erased_at").is_not_null()).select("event_key", "erased_at")
