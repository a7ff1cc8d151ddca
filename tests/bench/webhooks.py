"""Simulated webhooks for a loader that has no topic: `... COUNT FILE` writes them, `read_bodies` reads them.

They are drawn in a process of their own, so that the memory of the loader is the loader's.
"""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from random import Random

from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.ingest.raw_batch import RawBatch
from pipelines.simulate.simulation import bodies
from receiver.envelope import ENVELOPE_VERSION, HEADER_NAMES, format_instant

TOPIC = "webhooks.events.v1"
TOPIC_ID = "bench-topic-id-0000000"
SEED = 17
PARTITIONS = 6
AGAIN_SHARE = 0.02
"""Of the webhooks, how many were sent before, at any time."""
_WINDOW = 2_000
_KEPT = 5_000


def mixed(count: int) -> Iterator[bytes]:
    """Webhooks of many journeys side by side; some come again, after seconds or after hours."""
    rng, kept, drawn = Random(SEED), list[bytes](), bodies(SEED, count)
    while window := list(islice(drawn, _WINDOW)):
        rng.shuffle(window)
        for body in window:
            yield rng.choice(kept) if kept and rng.random() < AGAIN_SHARE else body
            if len(kept) < _KEPT:
                kept.append(body)
            elif rng.random() < 0.1:
                kept[rng.randrange(_KEPT)] = body


def write_bodies(count: int, file: Path) -> None:
    """Draw them, each with its length before it."""
    with file.open("wb") as out:
        for body in mixed(count):
            out.write(len(body).to_bytes(4, "big") + body)


def drawn_in_another_process(count: int, file: Path) -> Iterator[bytes]:
    """The same webhooks, of which this process keeps none."""
    subprocess.run([sys.executable, "-m", "tests.bench.webhooks", str(count), str(file)], check=True)
    with file.open("rb") as source:
        while length := source.read(4):
            yield source.read(int.from_bytes(length, "big"))


class Partitions:
    """Gives bodies their places, as a topic of several partitions would."""

    def __init__(self) -> None:
        self._rng = Random(SEED)
        self._next = [0] * PARTITIONS

    def batch(self, found: list[bytes], received_at: datetime) -> DecodedBatch:
        """What the loader gets when these arrived at that time."""
        partitions = [self._rng.randrange(PARTITIONS) for _ in found]
        count = len(found)
        columns: dict[str, list[bytes | None]] = {
            "delivery_id": [str(uuid.UUID(int=self._rng.getrandbits(128))).encode() for _ in found],
            "source": [b"popp"] * count,
            "provider": [b"popp"] * count,
            "received_at": [format_instant(received_at).encode()] * count,
            "envelope_version": [ENVELOPE_VERSION.encode()] * count,
            "key_id": [b"k1"] * count,
        }
        raw = RawBatch(
            topic=TOPIC,
            topic_id=TOPIC_ID,
            partitions=partitions,
            offsets=[self._take(partition) for partition in partitions],
            bodies=found,
            headers={name: columns.get(name, [None] * count) for name in HEADER_NAMES},
        )
        return decode_batch(raw)

    def _take(self, partition: int) -> int:
        self._next[partition] += 1
        return self._next[partition] - 1


if __name__ == "__main__":
    write_bodies(int(sys.argv[1]), Path(sys.argv[2]))
