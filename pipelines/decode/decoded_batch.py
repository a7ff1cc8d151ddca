"""A raw batch decoded: one document or reject per record, next to the columns of its envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import polars as pl

from pipelines.decode.decoder import Decoded, DecodeFailure, Identity, decode_one
from pipelines.decode.validation import Problem
from pipelines.ingest.raw_batch import RawBatch
from receiver.envelope import ENVELOPE_VERSION, REQUIRED_HEADERS

INSTANT = pl.Datetime("us", "UTC")
_VERSION = ENVELOPE_VERSION.encode()
_REQUIRED = [name for name in REQUIRED_HEADERS if name != "envelope_version"]


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """`decoded`, `body_sha256` and the rows of `envelopes` are parallel to the records of `raw`.

    `envelopes` has the columns partition and offset, and one for each of `HEADER_NAMES`. `erased` names the
    erasure by which the body of a record was redacted, by its index; the hash stays that of the delivery.
    `suppressions` are the erasures of the ids that those records lead to, by keyed hash: what later records
    must not name either.
    """

    raw: RawBatch
    envelopes: pl.DataFrame
    decoded: list[Decoded]
    body_sha256: list[str]
    erased: Mapping[int, str] = field(default_factory=dict)
    suppressions: Mapping[str, str] = field(default_factory=dict)
    redacted_by: object = None
    """The suppression list that was last applied, None where none was."""
    delivered: "DecodedBatch | None" = None
    """The batch as it was before redaction, None where no record was redacted."""


def decode_batch(raw: RawBatch) -> DecodedBatch:
    """Decode every record. Raises nothing for bad data: a bad record is a `DecodeFailure` in its place."""
    envelopes = _envelopes(raw)
    sent = zip(
        raw.headers["provider"], raw.bodies, raw.headers["source"], raw.headers["message_id"], strict=True
    )
    decoded = [_decode(*each) for each in sent]
    for index in _broken_envelopes(raw, envelopes):
        decoded[index] = _rejected_envelope(raw, envelopes, index)
    return DecodedBatch(raw, envelopes, decoded, [sha256(body).hexdigest() for body in raw.bodies])


def _decode(provider: bytes | None, body: bytes, source: bytes | None, message_id: bytes | None) -> Decoded:
    return decode_one((provider or b"").decode(errors="replace"), body, _utf8(source), _utf8(message_id))


def _envelopes(raw: RawBatch) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "partition": pl.Series(raw.partitions, dtype=pl.Int64),
            "offset": pl.Series(raw.offsets, dtype=pl.Int64),
        }
        | {name: _text(values) for name, values in raw.headers.items()}
    )
    instant = pl.col("received_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", strict=False, time_unit="us")
    usual = pl.when(instant.dt.year().is_between(1, 9999)).then(instant)  # Python has no others
    return frame.with_columns(usual.alias("received_at").dt.replace_time_zone("UTC").cast(INSTANT))


def _text(values: list[bytes | None]) -> pl.Series:
    """Headers as text, None where one is not UTF-8; the cast of polars knows only all or nothing."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series([_utf8(value) for value in values], dtype=pl.String)


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _broken_envelopes(raw: RawBatch, envelopes: pl.DataFrame) -> list[int]:
    missing = (
        envelopes.select(pl.any_horizontal(pl.col(_REQUIRED).is_null()).arg_true()).to_series().to_list()
    )
    other = [index for index, version in enumerate(raw.headers["envelope_version"]) if version != _VERSION]
    return sorted({*missing, *other})


def _rejected_envelope(raw: RawBatch, envelopes: pl.DataFrame, index: int) -> DecodeFailure:
    row = envelopes.row(index, named=True)
    problems = [Problem(f"headers.{name}", "missing or malformed") for name in _REQUIRED if row[name] is None]
    if raw.headers["envelope_version"][index] != _VERSION:
        problems.append(Problem("headers.envelope_version", f"not {ENVELOPE_VERSION}"))
    return DecodeFailure(Identity(), "envelope", tuple(problems))
