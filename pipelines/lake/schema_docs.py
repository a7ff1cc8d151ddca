"""Documentation of each table that the load writes: family, meaning, and that of every column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipelines.contracts.base import Contract
from pipelines.contracts.registry import contracts
from pipelines.flatten.derived_tables import Column, tables_of
from pipelines.lake.schema import Columns, all_tables, contract_tables, sql_type


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column with its SQL type; `personal` marks what is about a person."""

    name: str
    sql_type: str
    description: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A table as `schema.table`. `family` groups the tables that are read together."""

    name: str
    family: str
    description: str
    columns: tuple[DescribedColumn, ...]


_FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "CALENDAR": "scheduling",
        "CONVERSATION": "conversations",
        "START": "conversations",
        "ANALYSIS": "analysis",
        "CANDIDATE": "analysis",
        "DOCUMENT": "analysis",
        "WORKFLOW": "workflow",
        "BOOK": "scheduling",
        "CANCEL": "scheduling",
        "RESCHEDULE": "scheduling",
    }
)
"""Family by the first word of the event type; the provider's name where a word is not listed."""

_TABLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ledger.deliveries": ("ledger", "One row per Kafka record: what became of each delivery, and why."),
        "ledger.bodies": ("ledger", "The raw bytes of what was loaded; the only place that keeps them."),
        "ledger.batches": ("ledger", "One row per commit of the loader, each chained to the one before."),
        "ledger.offsets": ("ledger", "What each commit took from each partition: where the load continues."),
        "quarantine.records": ("ledger", "What could not be decoded, with its bytes and every reason."),
        "events.generic": (
            "other_events",
            "Events of a type without a contract, as JSON text.",
        ),
    }
)

_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "topic_id": "Id that Kafka gave the topic; changes when a topic is recreated.",
        "topic": "Topic of the record.",
        "partition": "Partition of the record.",
        "offset": "Offset of the record in its partition.",
        "delivery_id": "UUIDv7 that the receiver answered with.",
        "source": "Configured sender that the delivery came in by.",
        "provider": "Product that sent it, such as popp.",
        "organization_id": "Organization of the provider's customer.",
        "event_type": "The provider's name of the event.",
        "event_key": "SHA-256 that makes an event one, however often it is delivered.",
        "key_kind": "What the event key was made of: the event's id or its body.",
        "contract_version": "Version of the contract that decoded it.",
        "outcome": "loaded, duplicate or quarantined.",
        "reason": "Why, where the outcome alone does not say it.",
        "reasons": "Every problem found, with the path of its field.",
        "stage": "Step that refused the record.",
        "received_at": "When the receiver accepted the delivery.",
        "loaded_at": "When it became queryable.",
        "erased_at": "When its personal values were erased.",
        "batch_id": "Commit that wrote it.",
        "body_sha256": "SHA-256 of the raw body.",
        "key_id": "Name of the secret that verified the delivery.",
        "message_id": "The id that the sender put next to the body, where its scheme has one.",
        "moved_batch_id": "Commit that decoded it again, where one did.",
        "kind": "load, or replay or rebuild where records were decoded again.",
        "body": "The raw body, byte by byte as it was signed.",
        "loader": "Process that committed the batch.",
        "records": "Kafka records in it.",
        "loaded": "Records that became event rows.",
        "duplicate": "Records whose event, or whose rejected delivery, was there already.",
        "quarantined": "Records that could not be decoded.",
        "chain_sha256": "Hash over this batch's ledger rows and the hash before.",
        "first_offset": "First offset of the partition in the batch.",
        "next_offset": "Offset to continue at.",
        "end_offset": "End of the partition on the topic at that time: what lies between is a backlog.",
        "occurred_at": "Business time of the event.",
        "occurred_at_basis": "Which clock the business time was taken from.",
        "is_test": "Whether the ids are the provider's placeholders.",
        "is_foreign": "Whether the source does not list the organization.",
        "extras": "Fields that the contract does not know, as JSON.",
        "position": "Place in the array, from 0.",
        "payload": "The whole document as JSON text.",
    }
)


def described_tables() -> Iterator[DescribedTable]:
    """Every table of `all_tables`, in the same order."""
    mine = {name: table for contract in contracts().values() for name, table in _of_contract(contract)}
    for name, columns in all_tables():
        if name in mine:
            yield mine[name]
        else:
            family, description = _TABLES[name]
            yield DescribedTable(name, family, description, _described(columns, {}))


def _of_contract(contract: Contract) -> Iterator[tuple[str, DescribedTable]]:
    tables = tables_of(contract.provider.name, contract.event_type)
    family = _FAMILIES.get(contract.event_type.split("_")[0], contract.provider.name)
    shapes = dict(contract_tables(tables))
    for table in (tables.event, *tables.children):
        name = f"events.{table.name}"
        about = f"{contract.description} Event {contract.event_type} of {contract.provider.name}."
        if table.path:
            about = f"One row per entry of `{table.path[-1]}` in {contract.event_type}."
        own = {column.name: column for column in table.columns}
        yield name, DescribedTable(name, family, about, _described(shapes[name], own))


def about_column(column: Column) -> str:
    """Meaning of a contract's column, and the field it comes from."""
    meaning = f"{column.said.meaning}: " if column.said else ""
    return f"{meaning}{column.json_path} of the document"


def _described(columns: Columns, own: Mapping[str, Column]) -> tuple[DescribedColumn, ...]:
    return tuple(
        DescribedColumn(name, sql_type(dtype), about_column(own[name]), own[name].personal)
        if name in own
        else DescribedColumn(name, sql_type(dtype), _COLUMNS[name])
        for name, dtype in columns.items()
    )
