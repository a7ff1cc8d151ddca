"""Schema of the lake: ledger, quarantine and the tables of every contract, and their DDL."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import duckdb
import polars as pl
from polars.datatypes import DataTypeClass

from pipelines.contracts.registry import contracts
from pipelines.decode.decoded_batch import INSTANT
from pipelines.flatten.derived_tables import (
    CHILD_COLUMNS,
    EVENT_COLUMNS,
    GENERIC_COLUMNS,
    ContractTables,
    tables_of,
)
from pipelines.lake.format_version import record_version
from pipelines.lake.transaction import in_transaction

Columns = Mapping[str, pl.DataType]

_POSITION: Columns = {
    "topic_id": pl.String(),
    "topic": pl.String(),
    "partition": pl.Int64(),
    "offset": pl.Int64(),
}

DELIVERIES: Columns = MappingProxyType(
    {
        **_POSITION,
        "delivery_id": pl.String(),
        "source": pl.String(),
        "provider": pl.String(),
        "organization_id": pl.String(),
        "event_type": pl.String(),
        "event_key": pl.String(),
        "key_kind": pl.String(),
        "contract_version": pl.Int64(),
        "outcome": pl.String(),
        "reason": pl.String(),
        "received_at": INSTANT,
        "loaded_at": INSTANT,
        "erased_at": INSTANT,
        "batch_id": pl.Int64(),
        "body_sha256": pl.String(),
        "key_id": pl.String(),
        "message_id": pl.String(),
        "moved_batch_id": pl.Int64(),
    }
)
"""`ledger.deliveries`: one row per Kafka record, key (topic_id, partition, offset)."""

BODIES: Columns = MappingProxyType({**_POSITION, "batch_id": pl.Int64(), "body": pl.Binary()})
"""`ledger.bodies`: the raw bytes of what was loaded, and of duplicates whose body differs."""

QUARANTINE: Columns = MappingProxyType(
    {
        **_POSITION,
        "delivery_id": pl.String(),
        "source": pl.String(),
        "provider": pl.String(),
        "event_type": pl.String(),
        "stage": pl.String(),
        "reason": pl.String(),
        "reasons": pl.List(pl.Struct({"path": pl.String(), "problem": pl.String()})),
        "received_at": INSTANT,
        "loaded_at": INSTANT,
        "batch_id": pl.Int64(),
        "body": pl.Binary(),
    }
)
"""`quarantine.records`: what could not be decoded, with its bytes and every reason."""

BATCHES: Columns = MappingProxyType(
    {
        "batch_id": pl.Int64(),
        "kind": pl.String(),
        "loaded_at": INSTANT,
        "loader": pl.String(),
        "records": pl.Int64(),
        "loaded": pl.Int64(),
        "duplicate": pl.Int64(),
        "quarantined": pl.Int64(),
        "chain_sha256": pl.String(),
    }
)
"""`ledger.batches`: one row per commit; the hashes chain each batch to the one before.

`kind` is `load`, or `replay` or `rebuild` for a commit that decoded again what was there: it has no records
of its own, and its counts say by how much the totals changed. `loss` is one that an operator accepted.
"""

OFFSETS: Columns = MappingProxyType(
    {
        **{name: dtype for name, dtype in _POSITION.items() if name != "offset"},
        "first_offset": pl.Int64(),
        "next_offset": pl.Int64(),
        "end_offset": pl.Int64(),
        "records": pl.Int64(),
        "batch_id": pl.Int64(),
    }
)
"""`ledger.offsets`: what each batch took from each partition; the newest batch says where to continue."""

ERASURES: Columns = MappingProxyType(
    {
        "erasure_id": pl.String(),
        "kind": pl.String(),
        "organization_id": pl.String(),
        "value_hmac": pl.String(),
        "begun_at": INSTANT,
        "finished_at": INSTANT,
        "who": pl.String(),
        "records": pl.Int64(),
        "event_types": pl.String(),
    }
)
"""`ledger.erasures`: one row per erasure, never with the value. `finished_at` is null until the data files
were rewritten; its receipt comes after that."""

SUPPRESSIONS: Columns = MappingProxyType({"erasure_id": pl.String(), "value_hmac": pl.String()})
"""`ledger.suppressions`: keyed hashes of what a later record must not name without being redacted."""

REDACTIONS: Columns = MappingProxyType(
    {
        **_POSITION,
        "erasure_id": pl.String(),
        "redacted_at": INSTANT,
        "body_sha256": pl.String(),
    }
)
"""`ledger.redactions`: one row per record whose body is kept redacted, and the hash of what is kept."""


def erasure_tables() -> Iterator[tuple[str, Columns]]:
    """The tables of what was erased, by `schema.table`."""
    yield "ledger.erasures", ERASURES
    yield "ledger.suppressions", SUPPRESSIONS
    yield "ledger.redactions", REDACTIONS


def all_tables() -> Iterator[tuple[str, Columns]]:
    """Every table of the lake that the load writes, by `schema.table`."""
    yield "ledger.deliveries", DELIVERIES
    yield "ledger.bodies", BODIES
    yield "ledger.batches", BATCHES
    yield "ledger.offsets", OFFSETS
    yield "quarantine.records", QUARANTINE
    yield "events.generic", {**EVENT_COLUMNS, **GENERIC_COLUMNS}
    for provider, event_type in contracts():
        yield from contract_tables(tables_of(provider, event_type))


def contract_tables(tables: ContractTables) -> Iterator[tuple[str, Columns]]:
    """The event table and the child tables of one contract."""
    yield f"events.{tables.event.name}", {**EVENT_COLUMNS, **{c.name: c.dtype for c in tables.event.columns}}
    for child in tables.children:
        yield f"events.{child.name}", {**CHILD_COLUMNS, **{c.name: c.dtype for c in child.columns}}


def sql_type(dtype: pl.DataType) -> str:
    """The DuckDB type of a frame's column. Raises `ValueError` for one that the lake does not use."""
    simple: dict[pl.DataType, str] = {
        pl.String(): "VARCHAR",
        pl.Int64(): "BIGINT",
        pl.Float64(): "DOUBLE",
        pl.Boolean(): "BOOLEAN",
        pl.Binary(): "BLOB",
        pl.Date(): "DATE",
        INSTANT: "TIMESTAMPTZ",
    }
    if dtype in simple:
        return simple[dtype]
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        inner = ", ".join(f"{f.name} {sql_type(_instance(f.dtype))}" for f in dtype.inner.fields)
        return f"STRUCT({inner})[]"
    raise ValueError(f"{dtype} has no SQL type")


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing: schemas, tables, and columns that a contract gained. One transaction.

    Raises `Unavailable` when other writers are in the way for too long.
    """
    in_transaction(con, lambda: _create_missing(con))


def _create_missing(con: duckdb.DuckDBPyConnection) -> None:
    for schema in ("ledger", "quarantine", "events", "entities", "marts", "staging"):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS wh.{schema}")
    existing = _existing(con)
    for name, columns in (*all_tables(), *erasure_tables()):
        _create_or_widen(con, name, columns, existing.get(name))
    record_version(con, existing)


def _existing(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = con.execute(
        """
        SELECT schema_name || '.' || table_name, column_name
        FROM duckdb_columns() WHERE database_name = 'wh'
        """
    ).fetchall()
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def _create_or_widen(
    con: duckdb.DuckDBPyConnection, name: str, columns: Columns, present: set[str] | None
) -> None:
    if present is None:
        body = ", ".join(f'"{column}" {sql_type(dtype)}' for column, dtype in columns.items())
        con.execute(f"CREATE TABLE wh.{name} ({body})")
        return
    for column, dtype in columns.items():
        if column not in present:
            con.execute(f'ALTER TABLE wh.{name} ADD COLUMN "{column}" {sql_type(dtype)}')


STORED_BODIES_SQL = """
(FROM wh.ledger.bodies SELECT topic_id, partition, "offset", body
 UNION ALL FROM wh.quarantine.records SELECT topic_id, partition, "offset", body)
"""
"""A relation: the bodies of what is loaded, of duplicates that differ, and of what is quarantined."""
