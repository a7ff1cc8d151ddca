"""The tables of a contract, derived from its document: nested objects to columns, arrays to child tables."""

from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import polars as pl
from msgspec import inspect

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import FieldProvenance
from pipelines.contracts.registry import contracts
from pipelines.decode.decoded_batch import INSTANT

EVENT_COLUMNS: MappingProxyType[str, pl.DataType] = MappingProxyType(
    {
        "event_key": pl.String(),
        "delivery_id": pl.String(),
        "source": pl.String(),
        "provider": pl.String(),
        "organization_id": pl.String(),
        "occurred_at": INSTANT,
        "occurred_at_basis": pl.String(),
        "received_at": INSTANT,
        "loaded_at": INSTANT,
        "batch_id": pl.Int64(),
        "contract_version": pl.Int64(),
        "is_test": pl.Boolean(),
        "is_foreign": pl.Boolean(),
        "extras": pl.String(),
    }
)
"""Columns of every event table, before those of its contract."""

CHILD_COLUMNS: MappingProxyType[str, pl.DataType] = MappingProxyType(
    {"event_key": pl.String(), "batch_id": pl.Int64(), "position": pl.Int64()}
)
"""Columns of every child table; `position` counts from 0 within the array."""

GENERIC_COLUMNS: MappingProxyType[str, pl.DataType] = MappingProxyType(
    {"event_type": pl.String(), "payload": pl.String()}
)
"""Columns of `events.generic` in addition to the event columns: the whole document as JSON text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One leaf of a document: its column, the attributes that lead to it, its type."""

    name: str
    path: tuple[str, ...]
    json_path: str
    dtype: pl.DataType
    required: bool
    personal: bool
    is_json: bool = False
    said: FieldProvenance | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An event table, or a child table: `path` and `json_path` lead to its array."""

    name: str
    path: tuple[str, ...]
    columns: tuple[Column, ...]
    json_path: str = "$"
    said: FieldProvenance | None = None


@dataclass(frozen=True, slots=True)
class ContractTables:
    """Everything a contract writes to."""

    event: Table
    children: tuple[Table, ...]


@cache
def tables_of(provider: str, event_type: str) -> ContractTables:
    """The tables of one contract. Raises `ValueError` when two fields want the same column."""
    return derive(contracts()[provider, event_type])


def derive(contract: Contract) -> ContractTables:
    """The tables of a contract. Raises `ValueError` on a clash of names or a type that has no column."""
    info = inspect.type_info(contract.document)
    columns, arrays = _leaves(info, (), "$")
    hidden = contract.provider.flattened
    event = Table(contract.table, (), _named(columns, hidden, EVENT_COLUMNS, contract.table))
    children = []
    for array in arrays:
        name = f"{contract.table}__{array.path[-1]}"
        leaves, nested = _leaves(array.item, (), f"{array.json_path}[]")
        if nested:
            raise ValueError(f"{name}: an array within an array has no table")
        columns_of_item = _named(leaves, frozenset(), CHILD_COLUMNS, name)
        children.append(Table(name, array.path, columns_of_item, array.json_path, array.said))
    return ContractTables(event, tuple(children))


def _named(
    columns: list[Column], hidden: frozenset[str], common: MappingProxyType[str, pl.DataType], table: str
) -> tuple[Column, ...]:
    named: dict[str, Column] = {}
    for column in columns:
        name = "_".join(step for step in column.path if step not in hidden)
        if name == "organization_id" and name in common:
            continue  # the common column holds it
        if name in common or name in named:
            raise ValueError(f"{table}: two fields want the column {name}")
        named[name] = replace(column, name=name)
    return tuple(named.values())


@dataclass(frozen=True, slots=True)
class _Array:
    """An array of objects within a document."""

    path: tuple[str, ...]
    json_path: str
    item: inspect.Type
    said: FieldProvenance | None


def _leaves(info: inspect.Type, path: tuple[str, ...], json_path: str) -> tuple[list[Column], list[_Array]]:
    """Leaf columns and arrays of objects below a struct, depth first in the order of the fields."""
    if not isinstance(info, inspect.StructType):
        raise ValueError(f"{json_path}: not an object")
    columns: list[Column] = []
    arrays: list[_Array] = []
    for field in info.fields:
        plain = _plain(field.type)
        here, where = (*path, field.name), f"{json_path}.{field.encode_name}"
        if isinstance(plain.kind, inspect.StructType):
            inner, nested = _leaves(plain.kind, here, where)
            columns += inner
            arrays += nested
        elif isinstance(plain.kind, inspect.ListType):
            arrays.append(_Array(here, where, _plain(plain.kind.item_type).kind, plain.said))
        else:
            columns.append(_column(plain, here, where, field.required))
    return columns, arrays


def _column(plain: "_Plain", path: tuple[str, ...], json_path: str, required: bool) -> Column:
    is_json = isinstance(plain.kind, inspect.AnyType)
    return Column(
        "",
        path,
        json_path,
        _dtype(plain.kind, json_path),
        required and not plain.optional,
        plain.personal,
        is_json,
        plain.said,
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    """A type without metadata and without `| None`, and what these said."""

    kind: inspect.Type
    personal: bool = False
    optional: bool = False
    said: FieldProvenance | None = None


def _plain(info: inspect.Type) -> _Plain:
    if isinstance(info, inspect.Metadata):
        inner, extra = _plain(info.type), info.extra or {}
        personal = inner.personal or bool(extra.get("personal"))
        return replace(inner, personal=personal, said=extra.get("said", inner.said))
    if isinstance(info, inspect.UnionType):
        rest = [t for t in info.types if not isinstance(t, inspect.NoneType)]
        inner = _plain(rest[0]) if len(rest) == 1 else _Plain(info)
        return replace(inner, optional=inner.optional or len(rest) < len(info.types))
    return _Plain(info)


def _dtype(kind: inspect.Type, where: str) -> pl.DataType:
    match kind:
        case inspect.StrType() | inspect.AnyType():
            return pl.String()
        case inspect.BoolType():
            return pl.Boolean()
        case inspect.IntType():
            return pl.Int64()
        case inspect.FloatType():
            return pl.Float64()
        case inspect.DateTimeType():
            return INSTANT
        case inspect.DateType():
            return pl.Date()
    raise ValueError(f"{where}: {type(kind).__name__} has no column type")
