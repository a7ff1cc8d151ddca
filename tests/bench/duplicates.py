"""What the check for duplicates costs as the ledger grows: `... HOME MILLIONS...`, in rising order.

The ledger is made by SQL in the lake, with rows and batches as a loader and maintenance leave them; bodies
and event tables are not needed. The times are those of `Loader._earlier`, on one thread as the loader runs.
"""

import datetime as dt
import hashlib
import json
import random
import resource
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.decode.decoder import DecodeFailure, Identity
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.load.loader import Loader

BATCH_ROWS = 10_000
FILE_ROWS = 500_000
ASKED = 10_000
REPEATS = 5
_ROWS = f"""
    INSERT INTO wh.ledger.deliveries BY NAME
    SELECT
        'bench-topic-id-0000000' AS topic_id, 'webhooks.events.v1' AS topic,
        i % 6 AS partition, i // 6 AS "offset",
        uuid()::VARCHAR AS delivery_id, 'popp' AS source, 'popp' AS provider,
        'org_' || (i % 40) AS organization_id,
        ['CONVERSATION_QUEUED', 'CONVERSATION_STARTED', 'CONVERSATION_COMPLETED'][1 + i % 3] AS event_type,
        sha256('event' || i) AS event_key, 'event_id' AS key_kind, 1 AS contract_version, 'loaded' AS outcome,
        '2026-01-01T00:00:00Z'::TIMESTAMPTZ + to_milliseconds(i * 700) AS received_at,
        '2026-01-01T00:00:01Z'::TIMESTAMPTZ + to_milliseconds(i // {BATCH_ROWS} * 7000000) AS loaded_at,
        1 + i // {BATCH_ROWS} AS batch_id, sha256('body' || i) AS body_sha256, 'k1' AS key_id
    FROM range(?, ?) AS made(i)
"""


def grow(con: duckdb.DuckDBPyConnection, start: int, stop: int) -> None:
    """Add rows to the ledger, in files such as maintenance leaves."""
    for first in range(start, stop, FILE_ROWS):
        con.execute(_ROWS, [first, min(first + FILE_ROWS, stop)])


def event_key(number: int) -> str:
    """The key of one of these rows; of none when it is negative."""
    return hashlib.sha256(f"event{number}".encode()).hexdigest()


def batch_of(numbers: list[int]) -> DecodedBatch:
    """Records with these keys; the check looks at nothing else."""
    decoded = [DecodeFailure(Identity(event_key=event_key(number)), "contract", ()) for number in numbers]
    bodies = [hashlib.sha256(f"body{number}".encode()).hexdigest() for number in numbers]
    envelopes = pl.DataFrame({"delivery_id": [str(uuid.uuid4()) for _ in numbers]})
    return DecodedBatch(RawBatch(topic="", topic_id=""), envelopes, list(decoded), bodies)


def kinds(rows: int) -> dict[str, Callable[[random.Random], list[int]]]:
    """What is asked for, by name."""
    day = rows // 30

    def fresh(rng: random.Random, count: int) -> list[int]:
        return [-rng.randrange(1, 2**60) for _ in range(count)]

    return {
        "all_new": lambda rng: fresh(rng, ASKED),
        "5_percent_known_anywhere": lambda rng: (
            fresh(rng, ASKED * 95 // 100) + rng.sample(range(rows), ASKED * 5 // 100)
        ),
        "all_known_of_one_day": lambda rng: rng.sample(range(rows - day, rows), min(ASKED, day)),
        "all_known_anywhere": lambda rng: rng.sample(range(rows), ASKED),
        "3_of_which_1_is_known": lambda rng: [*fresh(rng, 2), rng.randrange(rows)],
    }


def measure(con: duckdb.DuckDBPyConnection, rows: int) -> dict[str, Any]:
    """The figures at a size."""
    cpu, wall = time.process_time(), time.perf_counter()
    loader = Loader(
        con, {}, holder="b", organizations={}, rejects=None, clock=lambda: dt.datetime.now(dt.UTC)
    )
    found: dict[str, Any] = {
        "rows": rows,
        "rebuild_s": round(time.perf_counter() - wall, 2),
        "rebuild_cpu_s": round(time.process_time() - cpu, 2),
        "index_mib": round(loader._index.nbytes / 2**20),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    for name, draw in kinds(rows).items():
        found[name] = _cost(loader, [draw(random.Random(seed)) for seed in range(REPEATS)])
    return found


def _cost(loader: Loader, asked: list[list[int]]) -> dict[str, float]:
    """Medians in milliseconds, after one that warms up."""
    walls, cpus = [], []
    for numbers in [asked[0], *asked]:
        batch = batch_of(numbers)
        wall, cpu = time.perf_counter(), time.process_time()
        earlier = loader._earlier(batch)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
        if earlier.keys() != {event_key(number) for number in numbers if number >= 0}:
            raise SystemExit("the check has not found what is known")
    return {"ms": round(statistics.median(walls[1:]), 1), "cpu_ms": round(statistics.median(cpus[1:]), 1)}


def run(home: Path, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """The figures at each size, in rising order."""
    con = open_lake(home / "warehouse")
    create_tables(con)
    made = 0
    for rows in sizes:
        con.execute("RESET threads")
        grow(con, made, rows)
        made = rows
        con.execute("SET threads = 1")
        yield measure(con, rows)
    con.close()


if __name__ == "__main__":
    lines = []
    for line in run(Path(sys.argv[1]), [round(float(text) * 1_000_000) for text in sys.argv[2:]]):
        print(json.dumps(line), file=sys.stderr, flush=True)
        lines.append(line)
    print(json.dumps({"sizes": lines}))
