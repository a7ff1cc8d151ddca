"""A record of the ledger decoded again: the same delivery, read by the contracts of today."""

from dataclasses import replace

import polars as pl

from pipelines.flatten.batch import DecodedBatch, decode_batch
from pipelines.flatten.decode import Identity, Rejected
from pipelines.flatten.shape import Problem
from pipelines.flatten.tables import INSTANT
from pipelines.ingest.batch import RawBatch
from pipelines.warehouse.ledger import Stamp, identity_columns
from pipelines.warehouse.outcomes import Decided
from pipelines.warehouse.tables import DELIVERIES
from receiver.envelope import ENVELOPE_VERSION

_ALTERED = Problem("$", "the body that is kept is not the one that was delivered; see `hirestream audit`")
BROKEN_ENVELOPE = "envelope"
"""The stage of records whose headers were wrong; these headers are not kept, so they stay wrong."""


def decoded_again(rows: pl.DataFrame) -> DecodedBatch:
    """Ledger rows with their `body` as a batch. Body hashes stay those of the delivery."""
    version = ENVELOPE_VERSION.encode()
    raw = RawBatch(
        "",
        "",
        rows["partition"].to_list(),
        rows["offset"].to_list(),
        rows["body"].to_list(),
        _headers(rows, "delivery_id"),
        _headers(rows, "source"),
        _headers(rows, "provider"),
        rows["received_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").cast(pl.Binary).to_list(),
        [None if reason == BROKEN_ENVELOPE else version for reason in rows["reason"]],
        _headers(rows, "key_id"),
        _headers(rows, "message_id"),
    )
    batch, delivered = decode_batch(raw), rows["body_sha256"].to_list()
    erased = rows["erased_at"].is_not_null().to_list()
    for index, (found, expected) in enumerate(zip(batch.body_sha256, delivered, strict=True)):
        if found != expected and not erased[index]:
            batch.decoded[index] = Rejected(Identity(), "envelope", (_ALTERED,))
    return replace(batch, body_sha256=delivered)


def ledger_after(
    rows: pl.DataFrame, batch: DecodedBatch, decided: Decided, stamp: Stamp, *, new: bool
) -> pl.DataFrame:
    """The ledger rows after a commit, with their `body`; with `new` it is what makes them queryable."""
    after = rows.with_columns(
        *identity_columns(batch),
        pl.Series("outcome", decided.outcomes, dtype=pl.String),
        pl.Series("reason", decided.reasons, dtype=pl.String),
        pl.lit(stamp.batch_id, dtype=pl.Int64).alias("moved_batch_id"),
    )
    if new:
        after = after.with_columns(pl.lit(stamp.loaded_at).cast(INSTANT).alias("loaded_at"))
    return after.select(*DELIVERIES, "body")


def _headers(rows: pl.DataFrame, name: str) -> list[bytes | None]:
    return rows[name].cast(pl.Binary).to_list()
