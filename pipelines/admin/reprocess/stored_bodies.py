"""Stored bodies of loaded records with their ledger rows, in slices, for decoding again.

Each statement sees the lake of its own moment, so that a body that was erased a moment ago is read as it is
now; what changed since an earlier statement is asked for afterwards.
"""

from collections.abc import Iterator

import duckdb
import polars as pl

SLICE_RECORDS = 20_000
"""In memory at once, with bodies and rows: a few hundred MB."""


_LOADED = "(FROM wh.ledger.deliveries WHERE outcome = 'loaded')"
_PLACE = '(topic_id, partition, "offset")'


def count_loaded(con: duckdb.DuckDBPyConnection, most_batch_id: int | None = None) -> int:
    """Loaded records, up to a batch."""
    where = "true" if most_batch_id is None else f"batch_id <= {most_batch_id:d}"
    ((found,),) = con.execute(f"SELECT count(*) FROM {_LOADED} WHERE {where}").fetchall()  # noqa: S608 - a number
    return int(found)


def loaded_records(con: duckdb.DuckDBPyConnection, most_batch_id: int) -> Iterator[pl.DataFrame]:
    """Every loaded record up to a batch, in the order of the batches."""
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
    """Batches that together have about as many records as a slice."""
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
    """Loaded records that a batch after this one loaded or moved, and those erased that are not in `erased`
    with the same time."""
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
    """Loaded records at (topic_id, partition, offset, batch_id); at least one of these."""
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
    """Events whose bodies are redacted, with the time when."""
    return rows.filter(pl.col("erased_at").is_not_null()).select("event_key", "erased_at")
