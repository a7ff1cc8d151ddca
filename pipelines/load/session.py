"""A loader with its lease and its reader: what `hirestream stream` and the Dagster asset share."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

import duckdb

from pipelines.errors import TopicMismatch
from pipelines.ingest.consumer import TopicReader, check_positions
from pipelines.ingest.topic_admin import TopicInfo, ensure_topic, watermarks
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import loader_lease
from pipelines.lake.offsets import by_partition, positions
from pipelines.lake.schema import create_tables
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.accepted_loss import accept_loss
from pipelines.load.loader import Loader
from pipelines.load.reject_limit import RejectLimit
from pipelines.load.topic_continuity import check_last_records
from pipelines.privacy.keyed_hash import erasure_hasher
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class LoadPolicy:
    """Limits that an operator allows a loader to pass."""

    accept_rejects: bool = False
    accept_loss: bool = False


@contextmanager
def open_loader(settings: Settings, holder: str, choices: LoadPolicy) -> Iterator[tuple[TopicReader, Loader]]:
    """A reader and a loader that hold the lease while the block runs.

    Raises `LeaseHeld`, `TopicMismatch` or `Unavailable` before anything is read, `SettingsError` where
    somebody was erased and the key of it is missing.
    """
    with loader_lease(settings.warehouse, holder):
        topic = ensure_topic(settings.kafka)
        con = _opened(settings)
        try:
            create_tables(con)
            start = _start(settings, con, topic, holder, choices)
            loader = Loader(
                con,
                start,
                holder=holder,
                organizations=settings.expected_organizations,
                rejects=_window(settings, choices),
                clock=lambda: dt.datetime.now(dt.UTC),
                writer_lock=WriterLock(settings.warehouse),
                keyed=erasure_hasher(settings),
                reopen=partial(_opened, settings),
            )
        except BaseException:
            con.close()
            raise
        with closing(loader), TopicReader(settings.kafka, topic, start) as reader:
            yield reader, loader


def _opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    con = open_lake(settings.warehouse)
    con.execute("SET threads = 1")  # halves the CPU of a commit; the other core decodes meanwhile
    return con


def _window(settings: Settings, choices: LoadPolicy) -> RejectLimit | None:
    if choices.accept_rejects:
        return None
    return RejectLimit(settings.load.reject_share, settings.load.reject_minimum)


def _start(
    settings: Settings, con: duckdb.DuckDBPyConnection, topic: TopicInfo, holder: str, choices: LoadPolicy
) -> dict[int, int]:
    """Start offsets. Raises `TopicMismatch` when the stored offsets do not fit the topic."""
    stored = positions(con, topic.topic)
    others = sorted({p.topic_id for p in stored} - {topic.topic_id})
    here = dict(by_partition(stored, topic.topic_id))
    if others and not here and not choices.accept_loss:
        raise TopicMismatch(
            f"the topic {topic.topic} was recreated (it is {topic.topic_id}, loaded was {others[-1]}); what "
            "the old one still held is lost. `hirestream stream --accept-loss` loads the new one"
        )
    found = watermarks(settings.kafka, topic)
    if choices.accept_loss and (here or others or any(marks.low for marks in found.values())):
        now = dt.datetime.now(dt.UTC)
        here = accept_loss(con, topic, here, found, holder=holder, now=now)
    check_positions(here, found)
    check_last_records(con, settings.kafka, topic, found)
    return here
