"""`python -m tests.upgrade.make [NAME]`: a small lake by this release, for later releases to open.

Its content is the same each time; its file names and times are not. To make one by an earlier release, run
this file with that release's checkout as the working directory.
"""

import datetime as dt
import io
import sqlite3
import sys
import tarfile
import tempfile
from itertools import count
from pathlib import Path

from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.connection import open_lake
from pipelines.lake.ducklake_internals import move_catalog
from pipelines.lake.maintenance import maintain
from pipelines.lake.schema import create_tables
from pipelines.load.loader import Loader
from pipelines.settings import Settings
from pipelines.simulate.simulation import bodies
from pipelines.transform.builder import ModelBuilder
from receiver.envelope import DeliveryEnvelope, format_instant
from tests.support.simulated_records import add_record

LAKES = Path(__file__).parent / "lakes"
SEED, EVENTS, BATCHES = 3, 120, 3
RECEIVED_AT = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
TOPIC, TOPIC_ID = "webhooks.events.v1", "upgrade"
BROKEN = b'{"event": "CONVERSATION_QUEUED", "eventId": '


def events(first: int, number: int) -> RawBatch:
    """Events of the topic from this offset on, one of each batch broken and one repeated."""
    every = bodies(SEED, 1_000_000)
    found = [next(every) for _ in range(first + number)][first:]
    batch = RawBatch(topic=TOPIC, topic_id=TOPIC_ID)
    for offset, body in enumerate([*found[:-2], found[0], BROKEN], first):
        received_at = RECEIVED_AT + dt.timedelta(seconds=offset)
        envelope = DeliveryEnvelope(f"d-{offset}", "popp", "popp", received_at, b"", body, key_id="k")
        add_record(batch, offset, envelope)
    return batch


def load(settings: Settings, first: int, batches: int) -> set[str]:
    """Load batches into the lake of these settings, which is made or migrated; the event tables touched."""
    ticks, touched = count(first), set[str]()
    with open_lake(settings.warehouse) as con:
        create_tables(con)
        loader = Loader(
            con,
            {},
            holder="upgrade",
            organizations={},
            rejects=None,
            clock=lambda: RECEIVED_AT + dt.timedelta(hours=1, seconds=next(ticks)),
        )
        for number in range(batches):
            done = loader.load(decode_batch(events(first + number * EVENTS, EVENTS)))
            touched |= {name.removeprefix("events.") for name in done.tables}
    return touched


def make(home: Path) -> None:
    """A home with a lake, its models built, as small as it gets."""
    settings = Settings(home=home)
    touched = load(settings, 0, BATCHES)
    built = ModelBuilder(settings, now=format_instant(RECEIVED_AT)).build(touched)
    assert not built.failures, built.failures
    with open_lake(settings.warehouse) as con:
        none = "INTERVAL 0 SECONDS"
        maintain(con, settings.warehouse, snapshot_age=none, file_age=none)
    move_catalog(settings.warehouse / "catalog.sqlite", Path("elsewhere"))  # not where it was made
    with sqlite3.connect(settings.warehouse / "catalog.sqlite", isolation_level=None) as catalog:
        catalog.execute("VACUUM")
        catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    catalog.close()


def pack(home: Path, file: Path) -> None:
    """The lake of a home as one file, without what belongs to no release."""
    file.parent.mkdir(parents=True, exist_ok=True)
    warehouse = home / "warehouse"
    with tarfile.open(file, "w:xz", format=tarfile.USTAR_FORMAT) as packed:
        for path in (warehouse / "catalog.sqlite", *sorted((warehouse / "data").rglob("*.parquet"))):
            entry = tarfile.TarInfo(str(path.relative_to(home)))
            content = path.read_bytes()
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))


def main() -> None:
    """Make the lake of this release, or of the name given, and say where it is."""
    file = LAKES / f"{sys.argv[1] if len(sys.argv) > 1 else '0.1.0'}.tar.xz"
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        pack(Path(folder), file)
    sys.stdout.write(f"{file}: {file.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
