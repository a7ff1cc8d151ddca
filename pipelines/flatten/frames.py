"""Typed documents -> polars frames: nested objects to columns, arrays to child frames."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import polars as pl

from pipelines.contracts.contract import Contract
from pipelines.contracts.registry import contracts, providers
from pipelines.flatten.batch import DecodedBatch
from pipelines.flatten.decode import Generic, Typed
from pipelines.flatten.tables import (
    CHILD_COLUMNS,
    EVENT_COLUMNS,
    GENERIC_COLUMNS,
    INSTANT,
    Column,
    Table,
    tables_of,
)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a load writes on every row: its number, its time, and which organizations a source may send."""

    batch_id: int
    loaded_at: dt.datetime
    organizations: Mapping[str, frozenset[str]]


def event_frames(batch: DecodedBatch, loaded: Sequence[int], stamp: Stamp) -> dict[str, pl.DataFrame]:
    """Frames of the records at `loaded` by table name in the schema `events`; none of them is empty."""
    groups: dict[tuple[str, str], list[int]] = {}
    generic: list[int] = []
    for index in loaded:
        found = batch.decoded[index]
        if isinstance(found, Typed):
            key = (batch.envelopes["provider"][index], str(type(found.document).__struct_config__.tag))
            groups.setdefault(key, []).append(index)
        else:
            generic.append(index)
    frames: dict[str, pl.DataFrame] = {}
    for key, indices in groups.items():
        frames |= _contract_frames(batch, contracts()[key], indices, stamp)
    if generic:
        frames["generic"] = _generic_frame(batch, generic, stamp)
    return frames


def _contract_frames(
    batch: DecodedBatch, contract: Contract, indices: list[int], stamp: Stamp
) -> dict[str, pl.DataFrame]:
    tables = tables_of(contract.provider.name, contract.event_type)
    found = [batch.decoded[i] for i in indices]
    documents = [f.document for f in found if isinstance(f, Typed)]
    extras = [_json(f.extras) if isinstance(f, Typed) and f.extras else None for f in found]
    columns = _columns(documents, tables.event)
    columns["extras"] = pl.Series(extras, dtype=pl.String)
    columns["contract_version"] = pl.repeat(contract.version, len(found), dtype=pl.Int64, eager=True)
    frame = _with_event_columns(batch, indices, columns, stamp)
    clocks = _clocks(contract, tables.event)
    frames = {
        tables.event.name: _ordered(
            frame.with_columns(_occurred(clocks)), [c.name for c in tables.event.columns]
        )
    }
    keys = frame["event_key"]
    for child in tables.children:
        rows = _child_frame(documents, child, keys, stamp.batch_id)
        if rows.height:
            frames[child.name] = rows
    return frames


def _generic_frame(batch: DecodedBatch, indices: list[int], stamp: Stamp) -> pl.DataFrame:
    found = [batch.decoded[i] for i in indices]
    columns = {
        "event_type": pl.Series([f.identity.event_type for f in found], dtype=pl.String),
        "payload": pl.Series([f.payload if isinstance(f, Generic) else None for f in found], dtype=pl.String),
        "event_id": pl.Series([f.identity.event_id for f in found], dtype=pl.String),
        "extras": pl.repeat(None, len(found), dtype=pl.String, eager=True),
        "contract_version": pl.repeat(None, len(found), dtype=pl.Int64, eager=True),
    }
    frame = _with_event_columns(batch, indices, columns, stamp)
    return _ordered(frame.with_columns(_occurred([])), list(GENERIC_COLUMNS))


def _with_event_columns(
    batch: DecodedBatch,
    indices: list[int],
    columns: dict[str, pl.Series],
    stamp: Stamp,
) -> pl.DataFrame:
    identities = [batch.decoded[i].identity for i in indices]
    frame = batch.envelopes[indices].select("delivery_id", "source", "provider", "received_at")
    return frame.with_columns(
        pl.Series("event_key", [i.event_key for i in identities], dtype=pl.String),
        pl.Series("organization_id", [i.organization_id for i in identities], dtype=pl.String),
        *(series.alias(name) for name, series in columns.items()),
        pl.lit(stamp.loaded_at).cast(INSTANT).alias("loaded_at"),
        pl.lit(stamp.batch_id, dtype=pl.Int64).alias("batch_id"),
    ).with_columns(_is_test(), _is_foreign(stamp.organizations))


def _is_test() -> pl.Expr:
    placeholders = sorted(set().union(*(p.placeholders for p in providers().values())))
    named = [pl.col("organization_id").is_in(placeholders), pl.col("event_id").is_in(placeholders)]
    return pl.any_horizontal(e.fill_null(value=False) for e in named).alias("is_test")


def _is_foreign(organizations: Mapping[str, frozenset[str]]) -> pl.Expr:
    foreign = [
        (pl.col("source") == source)
        & ~pl.col("organization_id").is_in(sorted(expected)).fill_null(value=False)
        for source, expected in organizations.items()
    ]
    return pl.any_horizontal(*foreign, pl.lit(value=False)).alias("is_foreign")


def _clocks(contract: Contract, table: Table) -> list[tuple[str, str]]:
    """Columns that hold the business time of an event, with the JSON path they are named after."""
    by_path = {column.json_path: column.name for column in table.columns}
    paths = [".".join(clock) for clock in contract.provider.clocks]
    return [(by_path[f"$.{path}"], path) for path in paths if f"$.{path}" in by_path]


def _occurred(clocks: list[tuple[str, str]]) -> list[pl.Expr]:
    basis: pl.Expr = pl.lit("received_at")
    for column, path in reversed(clocks):
        basis = pl.when(pl.col(column).is_not_null()).then(pl.lit(path)).otherwise(basis)
    time = pl.coalesce([pl.col(column) for column, _ in clocks] + [pl.col("received_at")])
    return [time.alias("occurred_at"), basis.alias("occurred_at_basis")]


def _ordered(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    return frame.select([*EVENT_COLUMNS, *names])


def _child_frame(documents: Sequence[Any], table: Table, keys: pl.Series, batch_id: int) -> pl.DataFrame:
    arrays = [array or () for array in _follow(documents, table.path)]
    lengths = np.fromiter(map(len, arrays), dtype=np.int64, count=len(arrays))
    items = [item for array in arrays for item in array]
    starts = np.cumsum(lengths) - lengths
    frame = pl.DataFrame(
        {
            "event_key": keys.gather(np.repeat(np.arange(len(arrays)), lengths)),
            "batch_id": pl.repeat(batch_id, len(items), dtype=pl.Int64, eager=True),
            "position": np.arange(len(items), dtype=np.int64) - np.repeat(starts, lengths),
            **_columns(items, table),
        }
    )
    return frame.select([*CHILD_COLUMNS, *(c.name for c in table.columns)])


def _columns(documents: Sequence[Any], table: Table) -> dict[str, pl.Series]:
    parents: dict[tuple[str, ...], list[Any]] = {(): list(documents)}
    return {c.name: _series(_leaf(parents, documents, c), c) for c in table.columns}


def _leaf(parents: dict[tuple[str, ...], list[Any]], documents: Sequence[Any], column: Column) -> list[Any]:
    above = column.path[:-1]
    if above not in parents:
        parents[above] = _follow(documents, above)
    return _step(parents[above], column.path[-1])


def _follow(documents: Sequence[Any], path: tuple[str, ...]) -> list[Any]:
    values = list(documents)
    for name in path:
        values = _step(values, name)
    return values


def _step(parents: list[Any], name: str) -> list[Any]:
    """The attribute of every parent; None where the parent is."""
    get = attrgetter(name)
    try:
        return list(map(get, parents))
    except AttributeError:
        return [None if parent is None else get(parent) for parent in parents]


def _series(values: list[Any], column: Column) -> pl.Series:
    if column.dtype == INSTANT:
        micros = [None if v is None else (v - _EPOCH) // _MICROSECOND for v in values]
        return pl.Series(micros, dtype=pl.Int64).cast(INSTANT)
    return pl.Series(values, dtype=column.dtype)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
