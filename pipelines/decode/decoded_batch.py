"""Decoded batch: for each record its envelope columns, and its event or decode failure."""

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
    """Result of decoding a raw batch. `decoded`, `body_sha256` and `envelopes` are parallel to `raw`.

    `envelopes` has the columns partition and offset, and one for each of `HEADER_NAMES`. The hash is
    that of the body as delivered, even where the body was redacted.
    """

    raw: RawBatch
    envelopes: pl.DataFrame
    decoded: list[Decoded]
    body_sha256: list[str]
    erased: Mapping[int, str] = field(default_factory=dict)
    """Erasure id by index of each record whose body was redacted."""
    suppressions: Mapping[str, str] = field(default_factory=dict)
    """Erasure id by keyed hash of further ids of erased persons, found in this batch: later records that
    contain one of these ids are redacted too."""
    redacted_by: object = None
    """The suppression list that was last applied; None before the first one."""
    delivered: "DecodedBatch | None" = None
    """The batch before redaction; None where no record was redacted."""


def decode_batch(raw: RawBatch) -> DecodedBatch:
    """Decode every record. Bad data raises nothing: the record becomes a `DecodeFailure` at its index."""
    envelopes = _envelope_frame(raw)
    arguments = zip(
        raw.headers["provider"], raw.bodies, raw.headers["source"], raw.headers["message_id"], strict=True
    )
    decoded = [_decode(*each) for each in arguments]
    for index in _broken_envelope_indices(raw, envelopes):
        decoded[index] = _envelope_failure(raw, envelopes, index)
    return DecodedBatch(raw, envelopes, decoded, [sha256(body).hexdigest() for body in raw.bodies])


def _decode(provider: bytes | None, body: bytes, source: bytes | None, message_id: bytes | None) -> Decoded:
    return decode_one((provider or b"").decode(errors="replace"), body, _utf8(source), _utf8(message_id))


def _envelope_frame(raw: RawBatch) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "partition": pl.Series(raw.partitions, dtype=pl.Int64),
            "offset": pl.Series(raw.offsets, dtype=pl.Int64),
        }
        | {name: _text_series(values) for name, values in raw.headers.items()}
    )
    instant = pl.col("received_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", strict=False, time_unit="us")
    in_range = pl.when(instant.dt.year().is_between(1, 9999)).then(instant)  # the years of a Python datetime
    return frame.with_columns(in_range.alias("received_at").dt.replace_time_zone("UTC").cast(INSTANT))


def _text_series(values: list[bytes | None]) -> pl.Series:
    """Return headers as text, None where one is not UTF-8. The cast of polars fails for all if one is not."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series([_utf8(value) for value in values], dtype=pl.String)


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _broken_envelope_indices(raw: RawBatch, envelopes: pl.DataFrame) -> list[int]:
    missing = (
        envelopes.select(pl.any_horizontal(pl.col(_REQUIRED).is_null()).arg_true()).to_series().to_list()
    )
    wrong_version = [
        index for index, version in enumerate(raw.headers["envelope_version"]) if version != _VERSION
    ]
    return sorted({*missing, *wrong_version})


def _envelope_failure(raw: RawBatch, envelopes: pl.DataFrame, index: int) -> DecodeFailure:
    row = envelopes.row(index, named=True)
    problems = [Problem(f"headers.{name}", "missing or malformed") for name in _REQUIRED if row[name] is None]
    if raw.headers["envelope_version"][index] != _VERSION:
        problems.append(Problem("headers.envelope_version", f"not {ENVELOPE_VERSION}"))
    return DecodeFailure(Identity(), "envelope", tuple(problems))
