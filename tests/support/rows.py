"""From a body to the rows it becomes, as a fixture writes them: without keys, positions and load times."""

import datetime as dt
import uuid
from typing import Any

from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.flatten.frames import event_frames
from pipelines.host.values import to_json_value
from pipelines.ingest.raw_batch import RawBatch
from pipelines.load.ledger_rows import CommitInfo, ledger_frame
from pipelines.load.outcomes import decide

RECEIVED_AT = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)
LOADED_AT = dt.datetime(2026, 3, 5, 12, 0, 1, tzinfo=dt.UTC)
VARYING = {"event_key", "delivery_id", "source", "provider", "received_at", "loaded_at", "batch_id"}


def raw_batch(*bodies: bytes, provider: str = "popp", source: str = "popp", start: int = 0) -> RawBatch:
    """Bodies as the receiver would have put them on partition 0."""
    count = len(bodies)
    return RawBatch(
        "topic",
        "topic-id",
        [0] * count,
        list(range(start, start + count)),
        list(bodies),
        [str(uuid.uuid4()).encode() for _ in bodies],
        [source.encode()] * count,
        [provider.encode()] * count,
        [RECEIVED_AT.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()] * count,
        [b"1"] * count,
        [b"k1"] * count,
        [None] * count,
    )


def decoded(*bodies: bytes, provider: str = "popp") -> DecodedBatch:
    """The same, decoded."""
    return decode_batch(raw_batch(*bodies, provider=provider))


def rows_of(provider: str, body: bytes) -> dict[str, list[dict[str, Any]]]:
    """Event and child rows of one body by table, with nulls left out."""
    batch = decoded(body, provider=provider)
    decided = decide(batch, {})
    ledger = ledger_frame(batch, decided, CommitInfo(1, LOADED_AT))
    frames = event_frames(batch.decoded, ledger, decided.loaded, {})
    return {
        name: [_shown(row) for row in frame.iter_rows(named=True)] for name, frame in sorted(frames.items())
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: to_json_value(value) for name, value in row.items() if name not in VARYING and value is not None
    }
