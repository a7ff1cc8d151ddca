"""A day of small commits, one for each second, as fast as they go: `... COMMITS HOME SECONDS HOUR`.

In a home that has a part of it already, the day continues, with the webhooks that come next where COMMITS
are the same.

The real loader, with maintenance and reports to a real Dagster instance in a second thread as in
`hirestream stream`; without a topic and without models. Whatever hangs on the age of something is scaled:
a snapshot is an hour old after HOUR commits (3,600; fewer show sooner what stays), a report is due every 60.
"""

import datetime as dt
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import psutil

from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import MAX_NEW_FILES, maintain, sizes_of
from pipelines.lake.offsets import by_partition, last_batch, positions
from pipelines.lake.schema import create_tables
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.loader import Loader
from pipelines.load.read_ahead import tune_interpreter
from pipelines.runtime.orchestration.history_retention import FULL_AGE, thin_reports
from pipelines.runtime.stream import dagster_reporter
from pipelines.settings import Settings
from receiver.settings import PROJECT
from tests.bench.webhooks import SEED, TOPIC, TOPIC_ID, Partitions, drawn_in_another_process

WEBHOOKS_A_COMMIT = 3
SAMPLE_EVERY = 1_000
"""Commits between two lines of the course."""
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


class Day:
    """Commits on one thread, upkeep on another, and what both cost."""

    def __init__(self, home: Path, hour: int) -> None:
        self.hour = hour
        self.settings = Settings(home=home)
        self.home = home / "dagster"
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / "dagster_home" / "dagster.yaml", self.home / "dagster.yaml")
        self.instance = dg.DagsterInstance.from_config(str(self.home))
        report = dagster_reporter._report_to_dagster(self.home)
        report("bench.first", {})  # opens its instance, which takes seconds once
        self.earlier = 0
        self.begun_at: list[float] = []
        self.commit_seconds: list[float] = []
        self.commit_cpu_seconds: list[float] = []
        self.maintained: list[float] = []
        self.reporting_seconds = self.reporting_cpu_seconds = self.maintaining_cpu_seconds = 0.0
        self.thinned_at = self.most_live = self.most_on_disk = 0
        self.new_files = MAX_NEW_FILES  # as in `hirestream stream`
        self.course: list[dict[str, Any]] = []
        self.reporter = dagster_reporter.ThrottledReporter(
            report,
            dagster_reporter._row_counter(self.settings),
            clock=lambda: float(len(self.commit_seconds)),
        )

    @property
    def number(self) -> int:
        """Commits of the day so far."""
        return self.earlier + len(self.commit_seconds)

    def commits(self, count: int, longest_seconds: float) -> None:
        """So many commits of the day, or as many as the time allows."""
        con = self._opened()
        create_tables(con)
        self.earlier = last_batch(con).batch_id
        loader = self._loader(con)
        ending, started = threading.Event(), time.monotonic()
        beside = threading.Thread(target=self._beside, args=[ending])
        beside.start()
        try:
            for batch in self._batches(count):
                self._commit(loader, batch)
                if not beside.is_alive():
                    raise SystemExit("the thread of upkeep has failed")
                if time.monotonic() - started > longest_seconds:
                    break
        finally:
            ending.set()
            beside.join()
            loader.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        con = open_lake(self.settings.warehouse)
        con.execute("SET threads = 1")
        return con

    def _loader(self, con: duckdb.DuckDBPyConnection) -> Loader:
        return Loader(
            con,
            by_partition(positions(con, TOPIC), TOPIC_ID),
            holder="b",
            organizations={},
            rejects=None,
            clock=self._now,
            writer_lock=WriterLock(self.settings.warehouse),
            reopen=self._opened,
        )

    def _now(self) -> dt.datetime:
        return START + dt.timedelta(seconds=self.number + 1)

    def _batches(self, count: int) -> Iterator[DecodedBatch]:
        sizes = np.maximum(np.random.default_rng(SEED).poisson(WEBHOOKS_A_COMMIT, count), 1).tolist()
        drawn = drawn_in_another_process(sum(sizes), self.settings.home / "webhooks")
        for number, size in enumerate(sizes):
            found = [next(drawn) for _ in range(size)]
            received_at = START + dt.timedelta(seconds=number + 0.6)
            batch = self._partitions.batch(found, received_at)
            if number >= self.earlier:
                yield batch

    def _commit(self, loader: Loader, batch: DecodedBatch) -> None:
        begun, cpu = time.perf_counter(), time.thread_time()
        done = loader.load(batch)
        self.begun_at.append(time.time())
        self.commit_seconds.append(time.perf_counter() - begun)
        self.commit_cpu_seconds.append(time.thread_time() - cpu)
        self.new_files += done.files
        self.reporter.on_loaded(done)
        if self.number % SAMPLE_EVERY == 0:
            self.sample()

    _partitions = Partitions()

    def _beside(self, ending: threading.Event) -> None:
        """Looks every few commits, as the stream does every few seconds."""
        seen, interval = 0, int(self.settings.models.interval_seconds)
        while not ending.wait(0.02):
            if len(self.commit_seconds) >= seen + interval:
                seen = len(self.commit_seconds)
                self._upkeep()

    def _upkeep(self) -> None:
        number = len(self.commit_seconds)
        if self.new_files >= MAX_NEW_FILES:
            self.new_files = 0
            self._maintain()
        begun, cpu = time.perf_counter(), time.thread_time()
        self.reporter.report_due()
        if number - self.thinned_at >= self.hour:
            self.thinned_at = number
            thin_reports(self.instance, self._thinning_time())
        self.reporting_seconds += time.perf_counter() - begun
        self.reporting_cpu_seconds += time.thread_time() - cpu

    def _maintain(self) -> None:
        """One time, before which there are most files."""
        before = sizes(self.settings.warehouse, self.home)
        self.most_live = max(self.most_live, before["files_live"])
        self.most_on_disk = max(self.most_on_disk, before["files_on_disk"])
        ages = {"snapshot_age": self._age_of(self.hour), "file_age": self._age_of(self.hour // 6)}
        cpu = time.thread_time()
        with open_lake(self.settings.warehouse) as con:
            done = maintain(con, self.settings.warehouse, **ages)
        self.maintained.append(done.seconds)
        self.maintaining_cpu_seconds += time.thread_time() - cpu

    def _age_of(self, commits: int) -> str:
        """How long ago that many commits began."""
        begun = self.begun_at
        seconds = time.time() - begun[-commits] if len(begun) >= commits else 10 * 86_400.0
        return f"INTERVAL '{seconds:.3f} seconds'"

    def _thinning_time(self) -> dt.datetime:
        """A time for which the reports older than two hours of this day are superseded."""
        commits = 2 * self.hour  # FULL_AGE
        if len(self.begun_at) <= commits:
            return dt.datetime.now(dt.UTC)
        return dt.datetime.fromtimestamp(self.begun_at[-commits], dt.UTC) + FULL_AGE

    def sample(self) -> None:
        """One line of the course: what has grown so far."""
        recent = np.array(self.commit_seconds[-SAMPLE_EVERY:]) * 1000
        cpu = np.array(self.commit_cpu_seconds[-SAMPLE_EVERY:]) * 1000
        line = {
            "commits": self.number,
            "p50_ms": round(float(np.percentile(recent, 50)), 1),
            "p95_ms": round(float(np.percentile(recent, 95)), 1),
            "p99_ms": round(float(np.percentile(recent, 99)), 1),
            "cpu_p50_ms": round(float(np.percentile(cpu, 50)), 1),
            "cpu_p95_ms": round(float(np.percentile(cpu, 95)), 1),
            "load": round(os.getloadavg()[0], 1),
            "most_live": self.most_live,
            "most_on_disk": self.most_on_disk,
            **sizes(self.settings.warehouse, self.home),
            "rss_mib": round(psutil.Process().memory_info().rss / 2**20),
            "maintain_last_s": round(self.maintained[-1], 2) if self.maintained else 0,
            "maintain_s": round(sum(self.maintained), 1),
        }
        self.course.append(line)
        print(json.dumps(line), file=sys.stderr, flush=True)


def sizes(warehouse: Path, dagster: Path) -> dict[str, int]:
    """Files and bytes of the lake, rows of its catalog, bytes of Dagster's storage."""
    on_disk = sizes_of((warehouse / "data").rglob("*.parquet"))
    with open_lake(
        warehouse, read_only=True
    ) as con:  # never by Python's sqlite3: closing it drops DuckDB's locks

        def rows(table: str, where: str = "true") -> int:
            sql = f"SELECT count(*) FROM __ducklake_metadata_wh.{table} WHERE {where}"
            ((found,),) = con.execute(sql).fetchall()
            return int(found)

        return {
            "files_live": rows("ducklake_data_file", "end_snapshot IS NULL"),
            "files_waiting": rows("ducklake_files_scheduled_for_deletion"),
            "files_on_disk": len(on_disk),
            "data_mb": round(sum(on_disk) / 1e6),
            "snapshots": rows("ducklake_snapshot"),
            "catalog_kb": round(sum(sizes_of(warehouse.glob("catalog.sqlite*"))) / 1e3),
            "column_stats": rows("ducklake_file_column_stats"),
            "dagster_kb": round(sum(sizes_of(dagster.rglob("*"))) / 1e3),
        }


def measure(count: int, home: Path, longest_seconds: float, hour: int) -> dict[str, Any]:
    """The figures of such a day."""
    tune_interpreter()
    day = Day(home, hour)
    before = psutil.Process().memory_info().rss
    cpu, started = time.process_time(), time.monotonic()
    day.commits(count, longest_seconds)
    day.sample()
    return {
        "commits": day.number,
        "of_an_earlier_part": day.earlier,
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "rss_at_start_mib": round(before / 2**20),
        "hour_commits": hour,
        "all": _percentiles(day.commit_seconds),
        "all_cpu": _percentiles(day.commit_cpu_seconds),
        "first_tenth": _percentiles(day.commit_seconds[: len(day.commit_seconds) // 10]),
        "last_tenth": _percentiles(day.commit_seconds[-len(day.commit_seconds) // 10 :]),
        "first_tenth_cpu": _percentiles(day.commit_cpu_seconds[: len(day.commit_seconds) // 10]),
        "last_tenth_cpu": _percentiles(day.commit_cpu_seconds[-len(day.commit_seconds) // 10 :]),
        "maintenance_runs": len(day.maintained),
        "maintenance_seconds": round(sum(day.maintained), 1),
        "maintenance_cpu_seconds": round(day.maintaining_cpu_seconds, 1),
        "reporting_seconds": round(day.reporting_seconds, 1),
        "reporting_cpu_seconds": round(day.reporting_cpu_seconds, 1),
        "course": day.course,
    }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    found = np.percentile(np.array(seconds) * 1000, [50, 95, 99]).tolist()
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), (round(value, 1) for value in found), strict=True))


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))))
