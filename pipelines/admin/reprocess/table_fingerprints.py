"""Fingerprints of tables, to compare a lake at two times. Batches and load times are ignored.

Each row is hashed, then all hashes together in the order of the key. Equal fingerprints mean equal rows, each
as often. Floating-point results of models are compared to nine digits, because a sum depends on the order of
its terms.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import duckdb

from pipelines.lake.catalog import relations
from pipelines.lake.schema import all_tables

IGNORED_COLUMNS = frozenset({"batch_id", "last_batch_id", "loaded_at", "newest_loaded_at"})
"""Columns that depend on the time of the load."""

_ROWS_AT_ONCE = 20_000
_EXACT, _ROUNDED = '"{0}"::VARCHAR', "format('{{:.9g}}', \"{0}\")"

Verdict = Literal["same", "changed", "new", "gone"]


@dataclass(frozen=True, slots=True)
class TableFingerprint:
    """Number of rows of a table, and the hash of all of them."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableComparison:
    """Fingerprints of a table at two times; None when it did not exist or could not be read."""

    table: str
    before: TableFingerprint | None
    after: TableFingerprint | None

    @property
    def verdict(self) -> Verdict:
        """Result of the comparison: `same`, `changed`, `new` or `gone`."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        return "same" if self.before == self.after else "changed"


def compare_tables(
    before: Mapping[str, TableFingerprint], after: Mapping[str, TableFingerprint]
) -> list[TableComparison]:
    """Compare the fingerprints of every table that exists before or after, sorted by table name."""
    return [TableComparison(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def event_fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, TableFingerprint]:
    """Return the fingerprint of every event and child table of a lake, by `schema.table`."""
    found = {}
    for name, columns in all_tables():
        if name.startswith("events."):
            key = ["event_key", "position"] if "position" in columns else ["event_key"]
            found[name] = _fingerprint(con, name, key, exact=True)
    return found


def model_fingerprints(con: duckdb.DuckDBPyConnection, now: dt.datetime) -> dict[str, TableFingerprint]:
    """Return the fingerprint of every entity and mart of a pinned lake, by `schema.table`.

    `now` replaces the current time in views. A mart that cannot be read is left out.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO get_current_timestamp() AS TIMESTAMPTZ '{now.isoformat()}'"
    )  # what `current_timestamp` in a view calls
    found = {}
    for name in (*relations(con, "entities"), *relations(con, "marts")):
        try:
            found[name] = _fingerprint(con, name, [], exact=False)
        except (duckdb.BinderException, duckdb.CatalogException):
            continue
    return found


def _fingerprint(
    con: duckdb.DuckDBPyConnection, name: str, key: list[str], *, exact: bool
) -> TableFingerprint:
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
    """Yield an SQL text expression for every compared column, sorted by name."""
    columns = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE wh.{name})").fetchall()  # noqa: S608
    for column, kind in sorted(columns):
        if column not in IGNORED_COLUMNS:
            yield (_ROUNDED if kind in {"DOUBLE", "FLOAT"} and not exact else _EXACT).format(column)
