"""From a body to the rows it becomes, as a fixture writes them: without keys, positions and load times."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.flatten.frames import event_frames
from pipelines.host.values import to_json_value
from pipelines.ingest.raw_batch import RawBatch
from pipelines.load.ledger_rows import CommitInfo, ledger_frame
from pipelines.load.outcomes import decide
from receiver.envelope import ENVELOPE_VERSION, HEADER_NAMES, format_instant

RECEIVED_AT = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)
LOADED_AT = dt.datetime(2026, 3, 5, 12, 0, 1, tzinfo=dt.UTC)
VARYING = {"event_key", "delivery_id", "source", "provider", "received_at", "loaded_at", "batch_id"}


def raw_batch(*bodies: bytes, provider: str = "popp", source: str = "popp", start: int = 0) -> RawBatch:
    """Bodies as the receiver would have put them on partition 0."""
    count = len(bodies)
    columns: dict[str, list[bytes | None]] = {
        "delivery_id": [str(uuid.uuid4()).encode() for _ in bodies],
        "source": [source.encode()] * count,
        "provider": [provider.encode()] * count,
        "received_at": [format_instant(RECEIVED_AT).encode()] * count,
        "envelope_version": [ENVELOPE_VERSION.encode()] * count,
        "key_id": [b"k1"] * count,
    }
    return RawBatch(
        topic="topic",
        topic_id="topic-id",
        partitions=[0] * count,
        offsets=list(range(start, start + count)),
        bodies=list(bodies),
        headers={name: columns.get(name, [None] * count) for name in HEADER_NAMES},
    )


def with_headers(raw: RawBatch, **columns: list[bytes | None]) -> RawBatch:
    """The batch with other values of these headers."""
    return replace(raw, headers={**raw.headers, **columns})


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
