"""Fingerprints of tables, to compare two moments of a lake. They ignore batches and load times.

Rows are hashed one by one and then together, in the order of their key. Tables with the same hash hold the
same rows, each as often. What models work out is compared to nine digits, because a sum of floating-point
numbers depends on the order in which they were added.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import duckdb

from pipelines.lake.catalog import relations
from pipelines.lake.schema import all_tables

ASIDE = frozenset({"batch_id", "last_batch_id", "loaded_at", "newest_loaded_at"})
"""Columns that say when something was loaded."""

_ROWS_AT_ONCE = 20_000
_EXACT, _ROUNDED = '"{0}"::VARCHAR', "format('{{:.9g}}', \"{0}\")"

Verdict = Literal["same", "changed", "new", "gone"]


@dataclass(frozen=True, slots=True)
class TableFingerprint:
    """Number of rows, and the hash over them."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table at two moments; None where it did not exist or could not be read."""

    table: str
    before: TableFingerprint | None
    after: TableFingerprint | None

    @property
    def verdict(self) -> Verdict:
        """Return whether both hold the same."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        return "same" if self.before == self.after else "changed"


def compare_tables(
    before: Mapping[str, TableFingerprint], after: Mapping[str, TableFingerprint]
) -> list[TableComparison]:
    """Every table of either, in the order of the names."""
    return [TableComparison(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def event_contents(con: duckdb.DuckDBPyConnection) -> dict[str, TableFingerprint]:
    """Every event and child table of a lake, by `schema.table`."""
    found = {}
    for name, columns in all_tables():
        if name.startswith("events."):
            key = ["event_key", "position"] if "position" in columns else ["event_key"]
            found[name] = _content(con, name, key, exact=True)
    return found


def model_contents(con: duckdb.DuckDBPyConnection, now: dt.datetime) -> dict[str, TableFingerprint]:
    """Every entity and mart of a pinned lake, at one time of asking; a mart that fails there is left out."""
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO get_current_timestamp() AS TIMESTAMPTZ '{now.isoformat()}'"
    )  # what `current_timestamp` in a view calls
    found = {}
    for name in (*relations(con, "entities"), *relations(con, "marts")):
        try:
            found[name] = _content(con, name, [], exact=False)
        except (duckdb.BinderException, duckdb.CatalogException):
            continue
    return found


def _content(con: duckdb.DuckDBPyConnection, name: str, key: list[str], *, exact: bool) -> TableFingerprint:
    columns = ", ".join(_texts(con, name, exact=exact))
    order = ", ".join([*key, "hash"])
    found = con.execute(
        f"""
        SELECT hash FROM (
            SELECT {"".join(f"{part}, " for part in key)} sha256(to_json([{columns}])::VARCHAR) AS hash
            FROM wh.{name}
        ) ORDER BY {order}
        """  # noqa: S608 - names of our own tables
    )
    rows, digest = 0, sha256()
    while hashes := found.fetchmany(_ROWS_AT_ONCE):
        rows += len(hashes)
        digest.update("".join(each for (each,) in hashes).encode())
    return TableFingerprint(rows, digest.hexdigest())


def _texts(con: duckdb.DuckDBPyConnection, name: str, *, exact: bool) -> Iterator[str]:
    """Every column as text, in the order of their names."""
    columns = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE wh.{name})").fetchall()  # noqa: S608
    for column, kind in sorted(columns):
        if column not in ASIDE:
            yield (_ROUNDED if kind in {"DOUBLE", "FLOAT"} and not exact else _EXACT).format(column)
