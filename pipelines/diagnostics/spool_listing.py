"""Listings of the spool on this machine and of dead letters, without bodies."""

import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipelines.errors import Unavailable, UsageError
from pipelines.host.values import QueryResult
from pipelines.settings import Settings
from receiver.spool.dead_letters import (
    DeadLetter,
    NotSpooledError,
    SpooledDelivery,
    dead_letters,
    list_waiting,
)
from receiver.spool.dead_letters import remove as remove_from_spool
from receiver.spool.spool import spool_path


def waiting_table(settings: Settings, limit: int) -> QueryResult:
    """List spooled deliveries, those rejected by Kafka first. Raises `Unavailable` when it cannot be read."""
    with _readable(settings) as path:
        return _table(SpooledDelivery, list_waiting(path, limit) if path.exists() else [])


def dead_letter_table(settings: Settings) -> QueryResult:
    """List dead letters with their reasons. Raises `Unavailable` when the spool cannot be read."""
    with _readable(settings) as path:
        return _table(DeadLetter, dead_letters(path) if path.exists() else [])


def remove(settings: Settings, delivery_id: str, file: Path, *, reason: str, now: dt.datetime) -> DeadLetter:
    """Move one delivery from the spool to a new file and record it as a dead letter.

    Raises `UsageError` when it is not in the spool or the file cannot be created, else `Unavailable`.
    """
    with _readable(settings) as path:
        try:
            if not path.exists():
                raise NotSpooledError
            return remove_from_spool(path, delivery_id, file, reason=reason, now=now)
        except NotSpooledError:
            raise UsageError(
                f"no delivery {delivery_id} is in the spool; `hirestream spool` lists those that are"
            ) from None
        except OSError as error:
            raise UsageError(f"{file} cannot be created ({error.strerror}); nothing was removed") from None


def render_dead_letter(found: DeadLetter, file: Path) -> str:
    """Render a removed delivery as text, with the command that delivers it again."""
    return (
        f"{found.delivery_id}: {found.body_bytes} bytes are in {file} and no longer in the spool; "
        f"`hirestream send {file} --source {found.source}` delivers them again"
    )


@contextmanager
def _readable(settings: Settings) -> Iterator[Path]:
    path = spool_path(settings)
    try:
        yield path
    except sqlite3.Error as error:
        raise Unavailable(
            f"{path} cannot be used ({type(error).__name__}); the receiver's log says more"
        ) from error


def _table(kind: type[Any], rows: Sequence[Any]) -> QueryResult:
    names = [field.name for field in fields(kind)]
    return QueryResult(names, [[getattr(row, name) for name in names] for row in rows])
