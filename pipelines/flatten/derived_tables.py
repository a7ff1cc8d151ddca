"""Tables of a contract, derived from its document: nested objects to columns, arrays to child tables."""

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
"""Columns that every event table has before the columns of its contract."""

CHILD_COLUMNS: MappingProxyType[str, pl.DataType] = MappingProxyType(
    {"event_key": pl.String(), "batch_id": pl.Int64(), "position": pl.Int64()}
)
"""Columns that every child table has; `position` counts from 0 within the array."""

GENERIC_COLUMNS: MappingProxyType[str, pl.DataType] = MappingProxyType(
    {"event_type": pl.String(), "payload": pl.String()}
)
"""Columns of `events.generic` in addition to the event columns: the whole document as JSON text."""


@dataclass(frozen=True, slots=True)
class Column:
    """Column for one leaf of a document. `path` and `json_path` locate the leaf; `said` is its provenance."""

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
    """Table of a contract: one row per event, or per element of an array for a child table.

    `path` and `json_path` locate the array in the document; `said` is the provenance of the array.
    """

    name: str
    path: tuple[str, ...]
    columns: tuple[Column, ...]
    json_path: str = "$"
    said: FieldProvenance | None = None


@dataclass(frozen=True, slots=True)
class ContractTables:
    """Tables of one contract: its event table and its child tables."""

    event: Table
    children: tuple[Table, ...]


@cache
def tables_of(provider: str, event_type: str) -> ContractTables:
    """Return the cached tables of a registered contract. Raises what `derive` raises."""
    return derive(contracts()[provider, event_type])


def derive(contract: Contract) -> ContractTables:
    """Derive the tables of a contract. Raises `ValueError` for duplicate columns or types without one."""
    info = inspect.type_info(contract.document)
    columns, arrays = _leaves(info, (), "$")
    hidden = contract.provider.flattened
    event = Table(contract.table, (), _named_columns(columns, hidden, EVENT_COLUMNS, contract.table))
    children = []
    for array in arrays:
        name = f"{contract.table}__{array.path[-1]}"
        leaves, nested = _leaves(array.item, (), f"{array.json_path}[]")
        if nested:
            raise ValueError(f"{name}: an array within an array has no table")
        columns_of_item = _named_columns(leaves, frozenset(), CHILD_COLUMNS, name)
        children.append(Table(name, array.path, columns_of_item, array.json_path, array.said))
    return ContractTables(event, tuple(children))


def _named_columns(
    columns: list[Column], hidden: frozenset[str], common: MappingProxyType[str, pl.DataType], table: str
) -> tuple[Column, ...]:
    columns_by_name: dict[str, Column] = {}
    for column in columns:
        name = "_".join(step for step in column.path if step not in hidden)
        if name == "organization_id" and name in common:
            continue  # the common column holds it
        if name in common or name in columns_by_name:
            raise ValueError(f"{table}: two fields want the column {name}")
        columns_by_name[name] = replace(column, name=name)
    return tuple(columns_by_name.values())


@dataclass(frozen=True, slots=True)
class _Array:
    """An array of objects within a document."""

    path: tuple[str, ...]
    json_path: str
    item: inspect.Type
    said: FieldProvenance | None


def _leaves(info: inspect.Type, path: tuple[str, ...], json_path: str) -> tuple[list[Column], list[_Array]]:
    """Return (leaf columns, arrays of objects) of a struct, depth first in the order of the fields."""
    if not isinstance(info, inspect.StructType):
        raise ValueError(f"{json_path}: not an object")
    columns: list[Column] = []
    arrays: list[_Array] = []
    for field in info.fields:
        bare_type = _bare_type(field.type)
        field_path, field_json_path = (*path, field.name), f"{json_path}.{field.encode_name}"
        if isinstance(bare_type.kind, inspect.StructType):
            inner, nested = _leaves(bare_type.kind, field_path, field_json_path)
            columns += inner
            arrays += nested
        elif isinstance(bare_type.kind, inspect.ListType):
            arrays.append(
                _Array(field_path, field_json_path, _bare_type(bare_type.kind.item_type).kind, bare_type.said)
            )
        else:
            columns.append(_column(bare_type, field_path, field_json_path, field.required))
    return columns, arrays


def _column(bare_type: "_BareType", path: tuple[str, ...], json_path: str, required: bool) -> Column:
    is_json = isinstance(bare_type.kind, inspect.AnyType)
    return Column(
        "",
        path,
        json_path,
        _dtype(bare_type.kind, json_path),
        required and not bare_type.optional,
        bare_type.personal,
        is_json,
        bare_type.said,
    )


@dataclass(frozen=True, slots=True)
class _BareType:
    """Type without metadata and `| None`, and the facts that these held: personal, optional, provenance."""

    kind: inspect.Type
    personal: bool = False
    optional: bool = False
    said: FieldProvenance | None = None


def _bare_type(info: inspect.Type) -> _BareType:
    if isinstance(info, inspect.Metadata):
        inner, extra = _bare_type(info.type), info.extra or {}
        personal = inner.personal or bool(extra.get("personal"))
        return replace(inner, personal=personal, said=extra.get("said", inner.said))
    if isinstance(info, inspect.UnionType):
        rest = [t for t in info.types if not isinstance(t, inspect.NoneType)]
        inner = _bare_type(rest[0]) if len(rest) == 1 else _BareType(info)
        return replace(inner, optional=inner.optional or len(rest) < len(info.types))
    return _BareType(info)


def _dtype(kind: inspect.Type, json_path: str) -> pl.DataType:
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
    raise ValueError(f"{json_path}: {type(kind).__name__} has no column type")
