"""Frames of typed documents: nested objects become columns, arrays become child frames."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import polars as pl

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Record
from pipelines.contracts.registry import contracts, providers
from pipelines.decode.decoded_batch import INSTANT
from pipelines.decode.decoder import Decoded, TypedEvent, UntypedEvent
from pipelines.flatten.derived_tables import (
    CHILD_COLUMNS,
    EVENT_COLUMNS,
    GENERIC_COLUMNS,
    Column,
    Table,
    tables_of,
)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_encode = msgspec.json.Encoder(decimal_format="number").encode


def event_frames(
    decoded: Sequence[Decoded],
    ledger: pl.DataFrame,
    loaded: Sequence[int],
    organizations: Mapping[str, frozenset[str]],
) -> dict[str, pl.DataFrame]:
    """Return the non-empty frames of a batch's event tables, by table name in the schema `events`.

    `loaded` has the indices of the records to include. `ledger` has one row per record, with the columns that
    event tables take from it. `organizations` maps a source to the organizations that it may send; a source
    that is not in it may send any.
    """
    typed: dict[type[Record], list[int]] = {}
    generic: list[int] = []
    for index in loaded:
        found = decoded[index]
        if isinstance(found, TypedEvent):
            typed.setdefault(type(found.document), []).append(index)
        else:
            generic.append(index)
    ledger_with_foreign = ledger.with_columns(_is_foreign_column(organizations))
    frames: dict[str, pl.DataFrame] = {}
    for document, indices in typed.items():
        frames |= _contract_frames(decoded, ledger_with_foreign, _by_document()[document], indices)
    if generic:
        frames["generic"] = _generic_frame(decoded, ledger_with_foreign, generic)
    return frames


@cache
def _by_document() -> dict[type[Record], Contract]:
    return {contract.document: contract for contract in contracts().values()}


def _contract_frames(
    decoded: Sequence[Decoded], ledger: pl.DataFrame, contract: Contract, indices: list[int]
) -> dict[str, pl.DataFrame]:
    tables = tables_of(contract.provider.name, contract.event_type)
    found = [f for f in map(decoded.__getitem__, indices) if isinstance(f, TypedEvent)]
    documents = [f.document for f in found]
    extras = pl.Series("extras", [_json_or_none(f.extras) for f in found], dtype=pl.String)
    frame = ledger[np.array(indices)].with_columns(extras, *_columns(documents, tables.event))
    frame = frame.with_columns(
        _is_test_series(found), *_occurred_at_columns(_clock_columns(contract, tables.event))
    )
    frames = {tables.event.name: frame.select([*EVENT_COLUMNS, *(c.name for c in tables.event.columns)])}
    for child in tables.children:
        rows = _child_frame(documents, child, frame)
        if rows.height:
            frames[child.name] = rows
    return frames


def _generic_frame(decoded: Sequence[Decoded], ledger: pl.DataFrame, indices: list[int]) -> pl.DataFrame:
    found = [decoded[index] for index in indices]
    clocks = [f.clock if isinstance(f, UntypedEvent) else None for f in found]
    frame = ledger[np.array(indices)].with_columns(
        pl.Series(
            "payload", [f.payload if isinstance(f, UntypedEvent) else None for f in found], dtype=pl.String
        ),
        pl.Series("clock", _epoch_microseconds([c.at if c else None for c in clocks]), dtype=pl.Int64).cast(
            INSTANT
        ),
        pl.Series("basis", [c.basis if c else "received_at" for c in clocks], dtype=pl.String),
        pl.lit(None, dtype=pl.String).alias("extras"),
    )
    occurred = pl.coalesce("clock", "received_at").alias("occurred_at")
    frame = frame.with_columns(_is_test_series(found), occurred, pl.col("basis").alias("occurred_at_basis"))
    return frame.select([*EVENT_COLUMNS, *GENERIC_COLUMNS])


def _is_test_series(found: Sequence[Decoded]) -> pl.Series:
    placeholders = _placeholders()
    named = [{f.identity.organization_id, f.identity.event_id} & placeholders for f in found]
    return pl.Series("is_test", list(map(bool, named)), dtype=pl.Boolean)


@cache
def _placeholders() -> frozenset[str]:
    return frozenset().union(*(p.placeholders for p in providers().values()))


def _is_foreign_column(organizations: Mapping[str, frozenset[str]]) -> pl.Expr:
    foreign = [
        (pl.col("source") == source)
        & ~pl.col("organization_id").is_in(sorted(expected)).fill_null(value=False)
        for source, expected in organizations.items()
    ]
    return pl.any_horizontal(*foreign, pl.lit(value=False)).alias("is_foreign")


def _clock_columns(contract: Contract, table: Table) -> list[tuple[str, str]]:
    """Return (column name, JSON path) of each business time of a contract, in order of preference."""
    by_path = {column.json_path: column.name for column in table.columns}
    paths = [".".join(clock) for clock in contract.provider.clocks]
    return [(by_path[f"$.{path}"], path) for path in paths if f"$.{path}" in by_path]


def _occurred_at_columns(clocks: list[tuple[str, str]]) -> list[pl.Expr]:
    basis: pl.Expr = pl.lit("received_at")
    for column, path in reversed(clocks):
        basis = pl.when(pl.col(column).is_not_null()).then(pl.lit(path)).otherwise(basis)
    time = pl.coalesce([pl.col(column) for column, _ in clocks] + [pl.col("received_at")])
    return [time.alias("occurred_at"), basis.alias("occurred_at_basis")]


def _child_frame(documents: Sequence[Any], table: Table, events: pl.DataFrame) -> pl.DataFrame:
    arrays = [array or () for array in _values_at(documents, table.path)]
    lengths = np.fromiter(map(len, arrays), dtype=np.int64, count=len(arrays))
    items = [item for array in arrays for item in array]
    starts = np.cumsum(lengths) - lengths
    position = np.arange(len(items), dtype=np.int64) - np.repeat(starts, lengths)
    frame = events.select("event_key", "batch_id")[np.repeat(np.arange(len(arrays)), lengths)]
    frame = frame.with_columns(pl.Series("position", position), *_columns(items, table))
    return frame.select([*CHILD_COLUMNS, *(c.name for c in table.columns)])


def _columns(documents: Sequence[Any], table: Table) -> list[pl.Series]:
    parents: dict[tuple[str, ...], list[Any]] = {}
    return [_series(_leaf_values(parents, documents, column), column) for column in table.columns]


def _leaf_values(
    parents: dict[tuple[str, ...], list[Any]], documents: Sequence[Any], column: Column
) -> list[Any]:
    above = column.path[:-1]
    if above not in parents:
        parents[above] = _values_at(documents, above)
    return _attribute_values(parents[above], column.path[-1])


def _values_at(documents: Sequence[Any], path: tuple[str, ...]) -> list[Any]:
    values = list(documents)
    for name in path:
        values = _attribute_values(values, name)
    return values


def _attribute_values(parents: list[Any], name: str) -> list[Any]:
    """Return the attribute `name` of every parent; None for a parent that is None."""
    get = attrgetter(name)
    try:
        return list(map(get, parents))
    except AttributeError:
        return [None if parent is None else get(parent) for parent in parents]


def _series(values: list[Any], column: Column) -> pl.Series:
    if column.dtype == INSTANT:
        return pl.Series(column.name, _epoch_microseconds(values), dtype=pl.Int64).cast(INSTANT)
    if column.is_json:
        values = [None if v is None else _encode(v).decode() for v in values]
    return pl.Series(column.name, values, dtype=column.dtype)


def _epoch_microseconds(values: Sequence[dt.datetime | None]) -> list[int | None]:
    return [None if v is None else (v - _EPOCH) // _MICROSECOND for v in values]


def _json_or_none(extras: Mapping[str, Any] | None) -> str | None:
    return _encode(extras).decode() if extras else None
