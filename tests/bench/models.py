"""What new events cost the models as the lake grows: `... HOME MILLIONS...`, in rising order.

Bodies of the simulator go through the real decoder and loader, in batches as large as those of a backlog.
"""

import datetime as dt
import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import maintain
from pipelines.lake.schema import create_tables
from pipelines.load.loader import Loader
from pipelines.settings import Settings
from pipelines.simulate.simulation import bodies
from pipelines.transform.builder import ModelBuilder
from tests.support.rows import raw_batch

BATCH = 50_000
NEW = 10_000
REPEATS = 3


class Lake:
    """A lake that grows, with its models."""

    def __init__(self, home: Path, most: int) -> None:
        self._warehouse = Settings(home=home).warehouse
        self._con = open_lake(self._warehouse)
        create_tables(self._con)
        clock = lambda: dt.datetime.now(dt.UTC)  # noqa: E731
        self._loader = Loader(self._con, {}, holder="b", organizations={}, rejects=None, clock=clock)
        self._builder = ModelBuilder(Settings(home=home))
        self._bodies = bodies(7, most)
        self.events = 0

    def load(self, count: int) -> set[str]:
        """Load so many; the event tables they went to."""
        touched: set[str] = set()
        while part := tuple(islice(self._bodies, min(BATCH, count))):
            count -= len(part)
            done = self._loader.load(decode_batch(raw_batch(*part, start=self.events)))
            self.events += len(part)
            touched |= set(done.tables)
        return touched

    def build(self, touched: set[str] | None) -> tuple[float, float]:
        """Wall and CPU seconds of a build."""
        wall, cpu = time.perf_counter(), time.process_time()
        assert not self._builder.build(touched).failures
        return time.perf_counter() - wall, time.process_time() - cpu

    def maintain(self) -> None:
        """Merge the small files, as the stream does."""
        maintain(self._con, self._warehouse)

    def close(self) -> None:
        """Let go of the lake."""
        self._con.close()


def run(home: Path, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """The figures at each size."""
    lake = Lake(home, sizes[-1] + len(sizes) * REPEATS * NEW)
    for size in sizes:
        began = time.perf_counter()
        lake.load(size - lake.events)
        loaded = time.perf_counter() - began
        lake.maintain()
        first = lake.build(None)
        builds = [lake.build(lake.load(NEW)) for _ in range(REPEATS)]
        yield {
            "events": size,
            "load": round(loaded),
            "first_build": round(first[0]),
            "incremental_build": round(statistics.median(wall for wall, _ in builds), 2),
            "incremental_build_cpu": round(statistics.median(cpu for _, cpu in builds), 2),
            "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


if __name__ == "__main__":
    lines = []
    for line in run(Path(sys.argv[1]), [round(float(text) * 1_000_000) for text in sys.argv[2:]]):
        print(json.dumps(line), file=sys.stderr, flush=True)
        lines.append(line)
    print(json.dumps({"sizes": lines}))
