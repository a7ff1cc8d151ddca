"""Format version of a lake, recorded in a table of the lake with the release that wrote it.

A lake without the table is from before there were versions, number 0. Every migration so far adds tables and
columns, so an older lake can be read as it is, and the first writer that opens it brings it up to date.
"""

import logging
from importlib.metadata import version as release_of
from typing import Final

import duckdb

from pipelines.errors import UsageError

log = logging.getLogger(__name__)

VERSION: Final = 1
"""The format that this release reads and writes. It grows with every change of a table of the lake."""

TABLE = "ledger.versions"
_ROW = "SELECT ?::BIGINT AS version, ?::VARCHAR AS release, now() AS since"

OLD_CHAIN = (
    "this lake was begun by a release that chained its batches in another way; `hirestream audit` names "
    "these batches, and what it says of their chain is no damage"
)


def this_release() -> str:
    """The release of this code."""
    return release_of("hirestream")


def lake_version(con: duckdb.DuckDBPyConnection) -> tuple[int, str | None]:
    """Format of the lake attached as `wh`, and the release that made it so; 0 and None before versions."""
    try:
        row = con.execute(f"SELECT max(version), max_by(release, version) FROM wh.{TABLE}").fetchone()  # noqa: S608
    except duckdb.CatalogException:
        return 0, None
    return (row[0], row[1]) if row and row[0] is not None else (0, None)


def refuse_newer(con: duckdb.DuckDBPyConnection) -> None:
    """Raises `UsageError` for a lake that a later release wrote, which this one could damage."""
    found, release = lake_version(con)
    if found > VERSION:
        raise UsageError(
            f"this lake has format {found}, written by hirestream {release}; hirestream {this_release()} "
            f"knows formats up to {VERSION}. Install that release or a later one; nothing was changed"
        )


def record_version(con: duckdb.DuckDBPyConnection, existing: dict[str, set[str]]) -> None:
    """Say in the transaction that made or migrated the tables that the lake is of this version now.

    `existing` are its columns by table from before.
    """
    found = lake_version(con)[0] if TABLE in existing else 0
    if found < VERSION:
        into = f"INSERT INTO wh.{TABLE}" if TABLE in existing else f"CREATE TABLE wh.{TABLE} AS"
        con.execute(f"{into} {_ROW}", [VERSION, this_release()])
        _tell(found, existing.get("ledger.deliveries"))


def _tell(found: int, deliveries: set[str] | None) -> None:
    if deliveries is None:
        return
    log.info("the lake was brought from format %d to %d", found, VERSION)
    if "moved_batch_id" not in deliveries:
        log.warning(OLD_CHAIN)
