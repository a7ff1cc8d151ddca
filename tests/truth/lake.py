"""A simulation with all its faults through the real load into a lake of its own, models built on it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.load.loader import Loader
from pipelines.settings import Settings
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.transform.builder import ModelBuilder
from receiver.envelope import format_instant
from tests.support.simulated_records import ORGANIZATIONS, records

UNTIL = dt.datetime(2026, 11, 21, 12, 34, 56, 789_000, tzinfo=dt.UTC)
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is simulated, with which settings, and when the marts are asked: so long after the end."""

    seed: int = 7
    journeys: int = 1500
    time_zone: str = "UTC"
    timeout_hours: int = 48
    asked_after: dt.timedelta = dt.timedelta(days=2)
    builds: int = 3
    days: int = 45

    @property
    def now(self) -> dt.datetime:
        """The time of asking."""
        return UNTIL + self.asked_after

    @property
    def legacy_day(self) -> dt.date:
        """The day on which everything was received."""
        return UNTIL.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def received_at(self) -> dt.datetime:
        """Noon of that day: what has no time of its own happened then."""
        noon = dt.datetime.combine(self.legacy_day, dt.time(12), ZoneInfo(self.time_zone))
        return noon.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Lake:
    """A connection with the lake attached as `wh`, and what builds its models."""

    con: duckdb.DuckDBPyConnection
    builder: ModelBuilder


def simulated(question: Question) -> Simulation:
    """The deliveries and their truth at the time of asking."""
    return simulate(
        question.seed,
        question.journeys,
        UNTIL,
        question.time_zone,
        legacy_day=question.legacy_day,
        now=question.now,
        timeout_hours=question.timeout_hours,
        span=dt.timedelta(days=question.days),
    )


@contextmanager
def loaded(question: Question, deliveries: list[Delivery], home: Path) -> Iterator[Lake]:
    """A lake in `home`, loaded in order in batches, its models built so often on the way and at the end."""
    builder = ModelBuilder(_settings(question, home), now=question.now.isoformat())
    with open_lake(builder.warehouse) as con:
        create_tables(con)
        load = _loader(con, question.received_at)
        for first, end in pairwise(_borders(len(deliveries), question.builds)):
            touched: set[str] = set()
            for start in range(first, end, BATCH):
                part = deliveries[start : min(start + BATCH, end)]
                done = load.load(decode_batch(_received(part, question.received_at, start)))
                touched |= {name.removeprefix("events.") for name in done.tables}
            assert not builder.build(touched).failures
        yield Lake(con, builder)


def _borders(total: int, parts: int) -> list[int]:
    return [total * part // parts for part in range(parts + 1)]


def _settings(question: Question, home: Path) -> Settings:
    models = {"conversation_timeout_hours": question.timeout_hours}
    return Settings.model_validate(
        {"home": home, "report": {"time_zone": question.time_zone}, "models": models}
    )


def _loader(con: duckdb.DuckDBPyConnection, received_at: dt.datetime) -> Loader:
    seconds = count(60)
    return Loader(
        con,
        {},
        holder="truth",
        organizations=ORGANIZATIONS,
        rejects=None,
        clock=lambda: received_at + dt.timedelta(seconds=next(seconds)),
    )


def _received(deliveries: list[Delivery], at: dt.datetime, start: int) -> RawBatch:
    """Repetitions were received later than what they repeat."""
    batch = records(deliveries, at, start)
    later = format_instant(at + dt.timedelta(hours=1)).encode()
    received_at = batch.headers["received_at"]
    received_at[:] = [
        later if delivery.duplicate else received
        for delivery, received in zip(deliveries, received_at, strict=True)
    ]
    return batch
