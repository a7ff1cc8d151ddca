"""The tables of a contract, derived from its document: nested objects to columns, arrays to child tables."""

from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import polars as pl
from msgspec import inspect

from pipelines.contracts.contract import Contract
from pipelines.contracts.registry import contracts

INSTANT = pl.Datetime("us", "UTC")

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
"""What `events.generic` has besides the event columns: the whole document as JSON text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One leaf of a document: its column, the attributes that lead to it, its type."""

    name: str
    path: tuple[str, ...]
    json_path: str
    dtype: pl.DataType
    required: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class Table:
    """An event table or a child table. `path` leads to the array, and is empty for the event itself."""

    name: str
    path: tuple[str, ...]
    columns: tuple[Column, ...]


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
    for path, item in arrays:
        name = f"{contract.table}__{path[-1]}"
        leaves, nested = _leaves(item, (), "$")
        if nested:
            raise ValueError(f"{name}: an array within an array has no table")
        children.append(Table(name, path, _named(leaves, frozenset(), CHILD_COLUMNS, name)))
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


def _leaves(
    info: inspect.Type, path: tuple[str, ...], json_path: str
) -> tuple[list[Column], list[tuple[tuple[str, ...], inspect.Type]]]:
    """Leaf columns and arrays of objects below a struct, depth first in the order of the fields."""
    if not isinstance(info, inspect.StructType):
        raise ValueError(f"{json_path}: not an object")
    columns: list[Column] = []
    arrays: list[tuple[tuple[str, ...], inspect.Type]] = []
    for field in info.fields:
        kind, personal, optional = _plain(field.type)
        here, where = (*path, field.name), f"{json_path}.{field.encode_name}"
        if isinstance(kind, inspect.StructType):
            inner, nested = _leaves(kind, here, where)
            columns += inner
            arrays += nested
        elif isinstance(kind, inspect.ListType):
            arrays.append((here, _plain(kind.item_type)[0]))
        else:
            required = field.required and not optional
            columns.append(Column("", here, where, _dtype(kind, where), required, personal))
    return columns, arrays


def _plain(info: inspect.Type) -> tuple[inspect.Type, bool, bool]:
    """The type without metadata and without `| None`, whether it is personal, whether null is allowed."""
    if isinstance(info, inspect.Metadata):
        kind, personal, optional = _plain(info.type)
        return kind, personal or bool((info.extra or {}).get("personal")), optional
    if isinstance(info, inspect.UnionType):
        rest = [t for t in info.types if not isinstance(t, inspect.NoneType)]
        kind, personal, _ = _plain(rest[0]) if len(rest) == 1 else (info, False, True)
        return kind, personal, len(rest) < len(info.types)
    return info, False, False


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
