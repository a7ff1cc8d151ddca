"""Decoding of stored records by the current contracts, for replay, rebuild and erasure."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from pipelines.decode.decoded_batch import INSTANT, DecodedBatch, decode_batch
from pipelines.decode.decoder import Decoded, DecodeFailure, Identity, UntypedEvent, as_event
from pipelines.decode.validation import Problem
from pipelines.flatten.frames import event_frames
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.schema import DELIVERIES
from pipelines.load.ledger_rows import CommitInfo, identity_columns
from pipelines.load.outcomes import NO_CONTRACT, Outcomes
from receiver.envelope import ENVELOPE_VERSION, HEADER_NAMES

_ALTERED = Problem("$", "the body that is kept is not the one that was delivered; see `hirestream audit`")
BROKEN_ENVELOPE = "envelope"
"""Ledger reason of records with wrong headers, which are not stored: a replay rejects the records again."""

MOVED, REFUSED = "ledger.moved", "ledger.refused"
"""Keys in the result of `decode_again` for ledger rows, next to the names of event tables."""

READ = ("organization_id", "event_type", "key_kind", "contract_version", "reason")
"""Columns of a ledger row whose values depend on the contract."""


def redecode(rows: pl.DataFrame) -> DecodedBatch:
    """Decode ledger rows with their `body` again, as one batch. Body hashes stay those of the delivery.

    An erased record keeps the event key of the ledger: a key made from its redacted body would differ.
    """
    raw = RawBatch(
        topic="",
        topic_id="",
        partitions=rows["partition"].to_list(),
        offsets=rows["offset"].to_list(),
        bodies=rows["body"].to_list(),
        headers=_headers(rows),
    )
    batch, delivered = decode_batch(raw), rows["body_sha256"].to_list()
    erased = rows["erased_at"].is_not_null().to_list()
    for index, (found, expected) in enumerate(zip(batch.body_sha256, delivered, strict=True)):
        if found != expected and not erased[index]:
            batch.decoded[index] = DecodeFailure(Identity(), "envelope", (_ALTERED,))
    for index in rows["erased_at"].is_not_null().arg_true().to_list():
        batch.decoded[index] = _with_ledger_key(batch.decoded[index], rows, index)
    return replace(batch, body_sha256=delivered)


def _with_ledger_key(found: Decoded, rows: pl.DataFrame, index: int) -> Decoded:
    key = rows["event_key"][index]
    if isinstance(found, DecodeFailure) or key is None:
        return found
    return as_event(found, key, rows["key_kind"][index])


def ledger_after(
    rows: pl.DataFrame, batch: DecodedBatch, decided: Outcomes, stamp: CommitInfo, *, new: bool
) -> pl.DataFrame:
    """Return the ledger rows after a commit, with their `body`.

    With `new`, as for records out of quarantine, `loaded_at` is the time of this commit.
    """
    after = rows.with_columns(
        *identity_columns(batch),
        pl.Series("outcome", decided.outcomes, dtype=pl.String),
        pl.Series("reason", decided.reasons, dtype=pl.String),
        pl.lit(stamp.batch_id, dtype=pl.Int64).alias("moved_batch_id"),
    )
    if new:
        after = after.with_columns(pl.lit(stamp.loaded_at).cast(INSTANT).alias("loaded_at"))
    return after.select(*DELIVERIES, "body")


def redecode_loaded(batch: DecodedBatch, rows: pl.DataFrame) -> Outcomes:
    """Return the outcomes of loaded events that were decoded again.

    The outcome is `quarantined` for an event that its contract refuses now, or whose event key would change:
    its stored rows must stay unchanged.
    """
    fits = [
        not isinstance(found, DecodeFailure) and found.identity.event_key == key
        for found, key in zip(batch.decoded, rows["event_key"].to_list(), strict=True)
    ]
    return Outcomes(
        ["loaded" if each else "quarantined" for each in fits],
        [NO_CONTRACT if isinstance(found, UntypedEvent) else None for found in batch.decoded],
        [index for index, each in enumerate(fits) if each],
    )


def why_refused(batch: DecodedBatch, index: int) -> str:
    """Return the reason why a loaded event keeps its old rows, without values of the body."""
    found = batch.decoded[index]
    if isinstance(found, DecodeFailure) and found.problems:
        return f"{found.problems[0].path}: {found.problems[0].problem}"
    return "would become another event"


def decode_again(rows: pl.DataFrame, organizations: Mapping[str, frozenset[str]]) -> dict[str, pl.DataFrame]:
    """Decode loaded ledger rows with their `body` into rows of event tables, by table.

    A row keeps its `batch_id`; it is NULL for a record that the contract reads in another way now, whose
    ledger row is in `MOVED`. `REFUSED` has `event_key` and `why` of events that keep their old rows.
    """
    batch = redecode(rows)
    decided = redecode_loaded(batch, rows)
    reason = pl.Series("reason", decided.reasons, dtype=pl.String)
    after = rows.drop("body").with_columns(*identity_columns(batch), reason)
    differs = pl.Series(
        [now != then for now, then in zip(after.select(READ).rows(), rows.select(READ).rows(), strict=True)],
        dtype=pl.Boolean,
    )
    stamp = pl.when(~differs).then(pl.coalesce("moved_batch_id", "batch_id")).alias("batch_id")
    frames = event_frames(batch.decoded, after.with_columns(stamp), decided.loaded, organizations)
    fits = pl.Series([outcome == "loaded" for outcome in decided.outcomes], dtype=pl.Boolean)
    return {**frames, MOVED: after.filter(fits & differs), REFUSED: _refused(batch, rows, fits)}


def _refused(batch: DecodedBatch, rows: pl.DataFrame, fits: pl.Series) -> pl.DataFrame:
    places = (~fits).arg_true().to_list()
    why = pl.Series("why", [why_refused(batch, index) for index in places], dtype=pl.String)
    return rows[places].select("event_key").with_columns(why)


def _headers(rows: pl.DataFrame) -> dict[str, list[bytes | None]]:
    """Return the headers that the ledger stores, by name; headers that it does not store are None."""
    version = pl.when(pl.col("reason").ne_missing(BROKEN_ENVELOPE)).then(pl.lit(ENVELOPE_VERSION))
    texts = rows.select(
        *(pl.col(name) for name in HEADER_NAMES if name in rows.columns and name != "received_at"),
        pl.col("received_at").dt.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"),
        version.alias("envelope_version"),
    ).cast(pl.Binary)
    return {
        name: texts[name].to_list() if name in texts.columns else [None] * rows.height
        for name in HEADER_NAMES
    }
