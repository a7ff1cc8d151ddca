"""`hirestream status`: state of every part. A part that does not answer is a problem, not an error."""

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import duckdb

from pipelines.errors import HirestreamError
from pipelines.host.output import State, state_line
from pipelines.ingest.topic_admin import topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import lease_holder
from pipelines.lake.offsets import by_partition, positions
from pipelines.runtime.stream.build_state import read_state
from pipelines.settings import Settings, SettingsError
from receiver.spool.spool import lost_spools, spool_totals
from receiver.unverified.store import unverified_totals

KAFKA_TIMEOUT_SECONDS = 5.0
HTTP_TIMEOUT_SECONDS = 2.0
SPOOL_MINUTES = 10
"""Age in minutes from which a waiting delivery is a problem."""

ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to

TOTALS = """
SELECT coalesce(sum(records), 0)::BIGINT AS records, coalesce(sum(loaded), 0)::BIGINT AS loaded,
    coalesce(sum(duplicate), 0)::BIGINT AS duplicate,
    coalesce(sum(quarantined), 0)::BIGINT AS quarantined, max(loaded_at) AS last_loaded_at
FROM wh.ledger.batches
"""


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """State of one partition: next offset to load, end offset, and `lag`, the records in between."""

    partition: int
    next_offset: int
    end_offset: int
    lag: int


@dataclass(frozen=True, slots=True)
class UnverifiedSource:
    """Stored unverified deliveries of one source."""

    source: str
    deliveries: int
    size_bytes: int
    oldest_at: dt.datetime
    oldest_age_seconds: float


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """State of the receiver's spool.

    `state` is reported by the receiver; when it does not answer, `waiting` or `idle`. `taken` counts appended
    deliveries, `taken_out` dead letters.
    """

    state: str
    waiting: int
    size_bytes: int
    oldest_age_seconds: float | None
    taken: int
    drained: int
    taken_out: int
    refused: int
    """Waiting deliveries that Kafka rejects although it confirms others."""


@dataclass(slots=True)
class Status:
    """State of the system; fields of parts that did not answer are None. `problems` has a sentence each."""

    home: str
    kafka: str
    topic: str
    topic_id: str | None = None
    partitions: list[PartitionStatus] = field(default_factory=list)
    lag: int | None = None
    ledger: dict[str, int] | None = None
    last_loaded_at: dt.datetime | None = None
    loader: str | None = None
    last_model_build: dict[str, Any] | None = None
    receiver: str = "down"
    dagster: str = "down"
    held: list[UnverifiedSource] = field(default_factory=list)
    spool: SpoolStatus | None = None
    problems: list[str] = field(default_factory=list)


def read_status(settings: Settings) -> Status:
    """Read the state of Kafka, lake, loader, receiver and Dagster. Raises nothing for a part that is down."""
    status = Status(
        home=str(settings.home),
        kafka=settings.kafka.client_config()["bootstrap.servers"],
        topic=settings.kafka.topic,
        loader=lease_holder(settings.warehouse),
        last_model_build=read_state(settings.home),
    )
    stored = _read_lake(settings, status)
    _read_kafka(settings, status, stored)
    answer = _read_processes(settings, status)
    _read_unverified(settings, status)
    _read_spool(settings, status, answer.get("spool"))
    return status


def _read_lake(settings: Settings, status: Status) -> Mapping[str, Mapping[int, int]]:
    """Fill in the state of the ledger; return the next offsets by topic id and partition."""
    try:
        con = open_lake(settings.warehouse, read_only=True)
    except (duckdb.Error, OSError):
        status.problems.append(f"no lake at {settings.warehouse} yet; `hirestream up` creates it")
        return {}
    with con:
        try:
            *counts, status.last_loaded_at = con.execute(TOTALS).fetchall()[0]
            status.ledger = dict(zip(("records", "loaded", "duplicate", "quarantined"), counts, strict=True))
            found = positions(con, settings.kafka.topic)
        except duckdb.Error as error:
            status.problems.append(
                f"the lake cannot be read ({type(error).__name__}); see `hirestream doctor`"
            )
            return {}
    return {topic_id: by_partition(found, topic_id) for topic_id in {p.topic_id for p in found}}


def _read_kafka(settings: Settings, status: Status, stored: Mapping[str, Mapping[int, int]]) -> None:
    try:
        info = topic_info(settings.kafka, timeout_seconds=KAFKA_TIMEOUT_SECONDS)
        if info is None:
            gone = "was loaded from and no longer exists; `hirestream audit` shows what is lost"
            status.problems.append(
                f"the topic {settings.kafka.topic} {gone if stored else 'does not exist yet'}; "
                "`hirestream up` creates it"
            )
            return
        ends = watermarks(settings.kafka, info, timeout_seconds=KAFKA_TIMEOUT_SECONDS)
    except HirestreamError as error:
        status.problems.append(str(error))
        return
    status.topic_id = info.topic_id
    if stored and info.topic_id not in stored:
        status.problems.append(f"the topic {info.topic} is not the one that was loaded; it was recreated")
    here = stored.get(info.topic_id, {})
    for number, marks in ends.items():
        at = here.get(number, 0)
        status.partitions.append(
            PartitionStatus(number, at, marks.high, max(marks.high - max(at, marks.low), 0))
        )
        if at < marks.low:
            status.problems.append(f"partition {number}: {marks.low - at} records were gone before the load")
    status.lag = sum(partition.lag for partition in status.partitions)


def _read_processes(settings: Settings, status: Status) -> Mapping[str, str]:
    """Fill in the state of the processes; return the receiver's answer to `/readyz`."""
    host, port = settings.receiver.host, settings.receiver.port
    status.receiver, answer = _request_state(
        f"http://{'127.0.0.1' if host in ANY_HOST else host}:{port}/readyz"
    )
    status.dagster, _ = _request_state(f"{settings.dagster_url}/server_info")
    if status.receiver != "up":
        status.problems.append(f"the receiver on port {port} is {status.receiver}; `hirestream up` starts it")
    if status.loader is None:
        log = settings.home / "logs" / "stream.log"
        status.problems.append(
            f"no loader runs; start `hirestream stream`, or `hirestream up` again. See the end of {log}"
        )
    if (status.last_model_build or {}).get("failed"):
        status.problems.append(f"the last model build failed; see {settings.home / 'logs' / 'stream.log'}")
    return answer


def _read_unverified(settings: Settings, status: Status) -> None:
    try:
        totals = unverified_totals(settings)
    except SettingsError as error:
        status.problems.append(str(error))
        return
    for total in totals:
        age = dt.datetime.now(dt.UTC) - total.oldest_at
        status.held.append(
            UnverifiedSource(
                total.source, total.items, total.size_bytes, total.oldest_at, round(age.total_seconds(), 1)
            )
        )
        status.problems.append(
            f"{total.source}: {total.items} deliveries did not verify and are stored; "
            f"`hirestream secrets match --unverified {total.source}` looks for their scheme"
        )


def _read_spool(settings: Settings, status: Status, reported_state: str | None) -> None:
    try:
        lost, found = lost_spools(settings), spool_totals(settings)
    except SettingsError as error:
        status.problems.append(str(error))
        return
    if lost:
        status.problems.append("a spool was deleted while deliveries waited in it; see `hirestream audit`")
    if found is None:
        return
    age = None if found.oldest_at is None else (dt.datetime.now(dt.UTC) - found.oldest_at).total_seconds()
    state = reported_state if reported_state not in {None, "off"} else "waiting" if found.waiting else "idle"
    status.spool = SpoolStatus(
        state=str(state),
        waiting=found.waiting,
        size_bytes=found.size_bytes,
        oldest_age_seconds=None if age is None else round(age, 1),
        taken=found.appended,
        drained=found.deleted,
        taken_out=found.taken_out,
        refused=found.refused,
    )
    if state in {"full", "too_old", "failing"}:
        status.problems.append(f"the spool is {state.replace('_', ' ')}: without Kafka, senders get 503")
    if age is not None and age > SPOOL_MINUTES * 60:
        status.problems.append(
            f"{found.waiting} deliveries wait in the spool, the oldest for {_duration(age)}; "
            "the receiver drains it when Kafka confirms"
        )
    if found.refused:
        status.problems.append(
            f"{found.refused} deliveries in the spool are rejected by a Kafka that answers; "
            "`hirestream spool` shows why"
        )
    if not found.adds_up:
        status.problems.append("the spool does not add up; see `hirestream audit`")


def _request_state(url: str) -> tuple[str, dict[str, str]]:
    """Return `(state, answer)` of a service; the answer is empty unless it is a JSON object."""
    try:
        with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_SECONDS) as response:  # noqa: S310 - built above
            return "up", _json_object(response.read())
    except urllib.error.HTTPError as error:
        return f"not ready ({error.code})", _json_object(error.read())
    except (OSError, HTTPException):
        return "down", {}


def _json_object(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def render(status: Status) -> str:
    """Render the state as text: a line for each part, then one for each problem."""
    ledger = ", ".join(f"{name} {count}" for name, count in (status.ledger or {}).items())
    build = status.last_model_build or {}
    spool = status.spool
    kafka = f"{status.kafka}, topic {status.topic}" if status.topic_id else "no topic"
    models: State = "FAIL" if build.get("failed") else "OK" if "built_at" in build else "WARN"
    found: list[tuple[State, str, str]] = [
        ("OK", "home", status.home),
        ("OK" if status.topic_id else "FAIL", "Kafka", kafka),
        ("WARN", "lag", "unknown") if status.lag is None else ("OK", "lag", f"{status.lag} records"),
        ("OK" if ledger else "FAIL", "ledger", ledger or "none"),
        ("OK" if status.last_loaded_at else "WARN", "last load", str(status.last_loaded_at or "never")),
        ("OK" if status.loader else "FAIL", "loader", status.loader or "none"),
        (models, "models", str(build.get("built_at", "never built"))),
        ("OK" if status.receiver == "up" else "FAIL", "receiver", status.receiver),
        ("OK" if status.dagster == "up" else "WARN", "Dagster", status.dagster),
        (
            "WARN" if status.held else "OK",
            "unverified",
            ", ".join(map(_unverified_text, status.held)) or "none",
        ),
        ("WARN" if spool and spool.waiting else "OK", "spool", _spool_line(spool) if spool else "none"),
    ]
    lines = [state_line(state, f"{name:<12}{value}") for state, name, value in found]
    return "\n".join([*lines, *(state_line("FAIL", problem) for problem in status.problems)])


def _unverified_text(stored: UnverifiedSource) -> str:
    return f"{stored.source} {stored.deliveries}, the oldest for {_duration(stored.oldest_age_seconds)}"


def _spool_line(spool: SpoolStatus) -> str:
    waiting = f"{spool.state}, waiting {spool.waiting}"
    if spool.oldest_age_seconds is None:
        return waiting
    return f"{waiting} ({spool.size_bytes} bytes), the oldest for {_duration(spool.oldest_age_seconds)}"


def _duration(seconds: float) -> dt.timedelta:
    return dt.timedelta(seconds=round(seconds))
