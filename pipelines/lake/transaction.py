"""One transaction on the lake, done again while another writer is in the way."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import duckdb

from pipelines.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 40
_FULL = ("No space left on device", "database or disk is full", "disk I/O error")
"""SQLite says the last when there is no room for the memory that its readers and writers share."""

_CONTENTION_TEXTS = ("database is locked", "conflict", "catalog was changed", "failed to commit")


def is_contention(error: duckdb.Error | str) -> bool:
    """Return whether an error says that another writer came first, so that doing it again is right."""
    return any(text in str(error).lower() for text in _CONTENTION_TEXTS)


def is_full(error: duckdb.Error) -> bool:
    """Return whether an error says that there is no room to write."""
    return any(text in str(error) for text in _FULL)


def in_transaction(con: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Run `work` in one transaction and commit. `work` may run several times and must only write to `con`.

    Raises `Unavailable` when other writers were in the way for too long, else what `work` raises.
    """
    return retry_on_contention(lambda: _attempt(con, work))


def retry_on_contention(work: Callable[[], T]) -> T:
    """Run `work`, again while another writer is in the way of it.

    Raises `Unavailable` when other writers were in the way for too long, else what `work` raises.
    """
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except duckdb.Error as error:
            if not is_contention(error):
                raise
            log.info("another writer was in the way of a commit; tried again (%d)", attempt + 1)
            time.sleep(min(0.02 * 1.3**attempt, 1.0))
    raise Unavailable("the lake's catalog was locked by other writers for too long; see `hirestream status`")


def _attempt(con: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    con.begin()
    try:
        result = work()
        con.commit()
    except BaseException as error:
        _roll_back(con)
        if isinstance(error, duckdb.Error) and is_full(error):
            raise Unavailable(
                "the disk of the lake is full; nothing of this commit was written. Free space, or give "
                "HIRESTREAM_HOME another disk, then start again: the load continues where it was"
            ) from error
        raise
    return result


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """Roll back what is still open; a commit that failed has ended its transaction by itself."""
    try:
        con.rollback()
    except duckdb.TransactionException:
        return
