"""The rows a batch writes next to its events: ledger, bodies, quarantine, offsets, batch."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import polars as pl

from pipelines.contracts.field_types import Record
from pipelines.contracts.registry import contracts
from pipelines.decode.decoded_batch import INSTANT, DecodedBatch
from pipelines.decode.decoder import Decoded, DecodeFailure, TypedEvent
from pipelines.lake.schema import BATCHES, BODIES, DELIVERIES, OFFSETS, QUARANTINE, REDACTIONS, SUPPRESSIONS
from pipelines.load.outcomes import BODY_DIFFERS, Outcomes

CHAINED = ("topic_id", "partition", "offset", "body_sha256")
"""Columns of a ledger row that the hash chain covers. The outcome is not among them: a replay may change
it.
"""

LOAD = "load"
"""The kind of a batch that took records from the topic."""


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """Batch id and time of a commit, written on every row."""

    batch_id: int
    loaded_at: dt.datetime


def chain_hash(before: str, ledger: pl.DataFrame) -> str:
    """The end of the hash chain after these ledger rows: over their positions and body hashes."""
    rows = ledger.sort(CHAINED[:-1]).select(pl.concat_str(CHAINED, separator="|"))
    return link(before, rows.to_series().to_list())


def link(before: str, rows: Iterable[str]) -> str:
    """The end of the hash chain after these texts, of which each may hold several lines."""
    return sha256("\n".join([before, *rows]).encode()).hexdigest()


def identity_columns(batch: DecodedBatch) -> list[pl.Series]:
    """Identity of the event of each record, as far as it can be read, and its contract."""
    identities = [found.identity for found in batch.decoded]
    return [
        pl.Series("organization_id", [i.organization_id for i in identities], dtype=pl.String),
        pl.Series("event_type", [i.event_type for i in identities], dtype=pl.String),
        pl.Series("event_key", [i.event_key for i in identities], dtype=pl.String),
        pl.Series("key_kind", [i.key_kind for i in identities], dtype=pl.String),
        pl.Series("contract_version", [_version(found) for found in batch.decoded], dtype=pl.Int64),
    ]


def ledger_frame(batch: DecodedBatch, decided: Outcomes, stamp: CommitInfo) -> pl.DataFrame:
    """One row per record, in the order of the batch."""
    return batch.envelopes.with_columns(
        pl.lit(batch.raw.topic_id).alias("topic_id"),
        pl.lit(batch.raw.topic).alias("topic"),
        *identity_columns(batch),
        pl.Series("outcome", decided.outcomes, dtype=pl.String),
        pl.Series("reason", decided.reasons, dtype=pl.String),
        pl.lit(stamp.loaded_at).cast(INSTANT).alias("loaded_at"),
        _erased_at(batch, decided, stamp),
        pl.lit(stamp.batch_id, dtype=pl.Int64).alias("batch_id"),
        pl.Series("body_sha256", batch.body_sha256, dtype=pl.String),
        pl.lit(None, dtype=pl.Int64).alias("moved_batch_id"),
    ).select(list(DELIVERIES))


def _erased_at(batch: DecodedBatch, decided: Outcomes, stamp: CommitInfo) -> pl.Expr | pl.Series:
    """Time of redaction by record, for records that name an erased person."""
    if not batch.erased:
        return pl.lit(None, dtype=INSTANT).alias("erased_at")
    kept = {
        index
        for index, outcome in enumerate(decided.outcomes)
        if outcome != "duplicate" or decided.reasons[index] == BODY_DIFFERS
    }
    times = [stamp.loaded_at if i in batch.erased and i in kept else None for i in range(len(batch.decoded))]
    return pl.Series("erased_at", times, dtype=INSTANT)


def redactions_frame(batch: DecodedBatch, ledger: pl.DataFrame) -> pl.DataFrame:
    """Erasure of each redacted body, and the hash of the redacted body."""
    rows = ledger["erased_at"].is_not_null().arg_true().to_list()
    hashes = [sha256(batch.raw.bodies[index]).hexdigest() for index in rows]
    return (
        ledger[rows]
        .with_columns(
            pl.Series("erasure_id", [batch.erased[index] for index in rows], dtype=pl.String),
            pl.col("erased_at").alias("redacted_at"),
            pl.Series("body_sha256", hashes, dtype=pl.String),
        )
        .select(list(REDACTIONS))
    )


def suppressions_frame(batch: DecodedBatch) -> pl.DataFrame:
    """Suppressions that a batch added: further ids of erased persons."""
    rows = [{"erasure_id": of, "value_hmac": value} for value, of in sorted(batch.suppressions.items())]
    return pl.DataFrame(rows, schema=dict(SUPPRESSIONS))


def bodies_frame(batch: DecodedBatch, ledger: pl.DataFrame) -> pl.DataFrame:
    """Bodies of what was loaded, and of duplicates that say something else than the first."""
    bodies = ledger.with_columns(pl.Series("body", batch.raw.bodies, dtype=pl.Binary))
    kept = (pl.col("outcome") == "loaded") | (pl.col("reason") == BODY_DIFFERS)
    return bodies.filter(kept).select(list(BODIES))


def quarantine_frame(batch: DecodedBatch, decided: Outcomes, ledger: pl.DataFrame) -> pl.DataFrame:
    """Rejects with their bytes and every reason."""
    rows = [index for index, outcome in enumerate(decided.outcomes) if outcome == "quarantined"]
    found = [batch.decoded[index] for index in rows]
    problems = [found.problems if isinstance(found, DecodeFailure) else () for found in found]
    reasons = [[{"path": p.path, "problem": p.problem} for p in each] for each in problems]
    return (
        ledger[rows]
        .with_columns(
            pl.Series("stage", [decided.reasons[index] for index in rows], dtype=pl.String),
            pl.Series("reason", [_headline(each) for each in reasons], dtype=pl.String),
            pl.Series("reasons", reasons, dtype=QUARANTINE["reasons"]),
            pl.Series("body", [batch.raw.bodies[index] for index in rows], dtype=pl.Binary),
        )
        .select(list(QUARANTINE))
    )


def _headline(reasons: list[dict[str, str]]) -> str | None:
    return f"{reasons[0]['path']}: {reasons[0]['problem']}" if reasons else None


def offsets_frame(ledger: pl.DataFrame, ends: Mapping[int, int]) -> pl.DataFrame:
    """Records of the batch by partition, next offsets, and the `ends` that the topic had then."""
    return (
        ledger.group_by("topic_id", "topic", "partition", "batch_id")
        .agg(
            pl.col("offset").min().alias("first_offset"),
            (pl.col("offset").max() + 1).alias("next_offset"),
            pl.len().cast(pl.Int64).alias("records"),
        )
        .with_columns(
            pl.col("partition").replace_strict(ends, default=None, return_dtype=pl.Int64).alias("end_offset")
        )
        .sort("partition")
        .select(list(OFFSETS))
    )


def batch_frame(before: str, holder: str, ledger: pl.DataFrame, stamp: CommitInfo) -> pl.DataFrame:
    """The row of this commit, chained to the one before."""
    counts = dict(ledger["outcome"].value_counts().iter_rows())
    row = {
        "batch_id": stamp.batch_id,
        "kind": LOAD,
        "loaded_at": stamp.loaded_at,
        "loader": holder,
        "records": ledger.height,
        **{outcome: counts.get(outcome, 0) for outcome in ("loaded", "duplicate", "quarantined")},
        "chain_sha256": chain_hash(before, ledger),
    }
    return pl.DataFrame([row], schema=dict(BATCHES))


def _version(found: Decoded) -> int | None:
    return _versions()[type(found.document)] if isinstance(found, TypedEvent) else None


@cache
def _versions() -> dict[type[Record], int]:
    return {contract.document: contract.version for contract in contracts().values()}
