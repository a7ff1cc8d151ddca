"""DuckLake's own catalog tables: the one file to read again when DuckLake is upgraded.

Everything else uses DuckLake's documented functions. These statements are here because the functions are too
slow, leave values in statistics, or compare no more than the date of an age (DuckLake 1.0 over SQLite).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection

CATALOG_NAME, DATA_NAME = "catalog.sqlite", "data"
"""Names of the SQLite catalog and of the folder of Parquet files, in the folder of a lake."""

_METADATA = "__ducklake_metadata_wh"
_SCHEDULED = f"{_METADATA}.ducklake_files_scheduled_for_deletion"

_TABLE_ROWS = f"""
    SELECT
        schema_name || '.' || table_name,
        coalesce(sum(record_count - coalesce(delete_count, 0)), 0)::BIGINT
    FROM (FROM {_METADATA}.ducklake_table WHERE end_snapshot IS NULL) AS t
    JOIN (FROM {_METADATA}.ducklake_schema WHERE end_snapshot IS NULL) AS s USING (schema_id)
    LEFT JOIN (FROM {_METADATA}.ducklake_data_file WHERE end_snapshot IS NULL) AS f USING (table_id)
    LEFT JOIN (FROM {_METADATA}.ducklake_delete_file WHERE end_snapshot IS NULL) AS d USING (data_file_id)
    GROUP BY ALL
"""  # noqa: S608 - our own names

_TEXT_BOUNDS = f"""
WITH live AS (
    SELECT s.table_id, s.column_id, min(s.min_value) AS low, max(s.max_value) AS high,
        bool_or(s.value_count > 0 AND (s.min_value IS NULL OR s.max_value IS NULL)) AS unknown
    FROM {_METADATA}.ducklake_file_column_stats AS s
    JOIN {_METADATA}.ducklake_data_file AS f ON f.data_file_id = s.data_file_id AND f.end_snapshot IS NULL
    GROUP BY ALL
)
SELECT t.table_id, t.column_id, upper(c.column_type), live.low, live.high, coalesce(live.unknown, false)
FROM {_METADATA}.ducklake_table_column_stats AS t
JOIN {_METADATA}.ducklake_column AS c
    ON c.table_id = t.table_id AND c.column_id = t.column_id AND c.end_snapshot IS NULL
LEFT JOIN live ON live.table_id = t.table_id AND live.column_id = t.column_id
WHERE upper(c.column_type) IN ('VARCHAR', 'BLOB', 'JSON')
    AND (t.min_value IS DISTINCT FROM live.low OR t.max_value IS DISTINCT FROM live.high)
"""  # noqa: S608 - our own names

_WIDEST = {"VARCHAR": ("", chr(0x10FFFF) * 4), "JSON": ("", chr(0x10FFFF) * 4), "BLOB": ("", "FF" * 64)}
"""Bounds that hold for every value: without any, DuckLake takes the next file's for all, and loses rows."""

_NAMED_FILES = """
    SELECT s.path, s.path_is_relative, t.path, t.path_is_relative, f.path, f.path_is_relative,
        f.file_size_bytes
    FROM (
        SELECT table_id, path, path_is_relative, file_size_bytes FROM ducklake_data_file
        UNION ALL SELECT table_id, path, path_is_relative, file_size_bytes FROM ducklake_delete_file
    ) AS f
    JOIN (SELECT DISTINCT table_id, schema_id, path, path_is_relative FROM ducklake_table) AS t
        USING (table_id)
    JOIN (SELECT DISTINCT schema_id, path, path_is_relative FROM ducklake_schema) AS s USING (schema_id)
"""


def catalog_file(warehouse: Path) -> Path:
    """The SQLite catalog of a lake."""
    return warehouse / CATALOG_NAME


def table_rows(con: Connection) -> dict[str, int]:
    """Rows of every table by `schema.table`, from the counts of its files. A `count(*)` each costs 20 ms."""
    return dict(con.execute(_TABLE_ROWS).fetchall())


def has_mergeable_files(con: Connection, low: int, high: int) -> bool:
    """Return whether a table has two files of `low` to `high` bytes. DuckLake looks for 0.3 CPU seconds."""
    found = con.execute(
        f"""
        SELECT 1 FROM {_METADATA}.ducklake_data_file
        WHERE end_snapshot IS NULL AND file_size_bytes >= {low:d} AND file_size_bytes < {high:d}
        GROUP BY table_id HAVING count(*) > 1 LIMIT 1
        """  # noqa: S608 - our own names
    )
    return found.fetchone() is not None


def has_deletes(con: Connection) -> bool:
    """Return whether any data file has deleted rows."""
    sql = f"SELECT 1 FROM {_METADATA}.ducklake_delete_file WHERE end_snapshot IS NULL LIMIT 1"  # noqa: S608
    return con.execute(sql).fetchone() is not None


def scheduled_files(con: Connection, age: str) -> list[tuple[int, str, bool]]:
    """Files scheduled for deletion longer ago than an age, an SQL interval: id, path, path is relative."""
    return con.execute(
        f"""
        SELECT data_file_id, path, path_is_relative FROM {_SCHEDULED}
        WHERE schedule_start::TIMESTAMPTZ < now() - {age}
        """  # noqa: S608 - an age of this project
    ).fetchall()


def forget_scheduled_files(con: Connection, ids: list[int]) -> None:
    """Remove deleted files from DuckLake's schedule."""
    con.execute(f"DELETE FROM {_SCHEDULED} WHERE data_file_id IN (SELECT unnest(?))", [ids])  # noqa: S608


def known_file_names(con: Connection) -> set[str]:
    """Names of all files that the catalog knows, also of those scheduled for deletion."""
    named = " UNION ALL ".join(
        f"SELECT path FROM {_METADATA}.ducklake_{table}"  # noqa: S608 - our own names
        for table in ("data_file", "delete_file", "files_scheduled_for_deletion")
    )
    return {Path(path).name for (path,) in con.execute(named).fetchall()}


def narrow_text_bounds(con: Connection) -> int:
    """Set the bounds of every text column to those of its current files; returns the number of columns.

    Call it in a transaction. A commit that adds a file must follow, so that no loader keeps the old bounds.
    """
    found = con.execute(_TEXT_BOUNDS).fetchall()
    for table_id, column_id, kind, low, high, unknown in found:
        bounds = _WIDEST[kind] if unknown else (low, high)
        con.execute(
            f"UPDATE {_METADATA}.ducklake_table_column_stats SET min_value = ?, max_value = ? "  # noqa: S608
            "WHERE table_id = ? AND column_id = ?",
            [*bounds, table_id, column_id],
        )
    return len(found)


def named_files(catalog: Path) -> Iterator[tuple[tuple[str, ...], bool, int]]:
    """Every data file that a catalog names, of old snapshots too: path parts, whether relative, bytes.

    Reads the catalog by SQLite itself: not in a process that has the lake open in DuckDB.
    """
    with closing(sqlite3.connect(f"{catalog.resolve().as_uri()}?mode=ro", uri=True)) as con:
        rows: list[tuple[Any, ...]] = con.execute(_NAMED_FILES).fetchall()
    for *parts, size in rows:
        yield tuple(parts[0::2]), all(parts[1::2]), size


def move_catalog(catalog: Path, data: Path) -> None:
    """Write the new folder of the data files into a catalog that nobody has open."""
    with closing(sqlite3.connect(catalog)) as con, con:
        con.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{data}/"])
