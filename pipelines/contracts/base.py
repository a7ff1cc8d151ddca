"""A contract: one event type of one provider as a value."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines.contracts.field_types import Record

Path = tuple[str, ...]


def unchanged(document: object) -> object:
    """A document that needs no arranging."""
    return document


@dataclass(frozen=True, slots=True)
class ProviderContract:
    """Paths at which a provider puts the common fields, in the JSON document."""

    name: str
    event_type: Path
    event_id: Path | None
    organization: Path | None
    clocks: tuple[Path, ...] = ()
    """Business times in order of preference; the first one present is `occurred_at`."""
    flattened: frozenset[str] = field(default=frozenset())
    """Objects of the document whose name is left out of column names."""
    placeholders: frozenset[str] = field(default=frozenset())
    """Organization and event ids that only the provider's documents and test deliveries use."""
    needs_type: bool = True
    """Return whether a document without an event type is refused."""
    needs_organization: bool = True
    """Return whether a document without an organization is refused."""
    one_sender: bool = True
    """False where every source is a sender of its own, whose ids mean nothing beyond it."""
    normalize: Callable[[object], object] = unchanged
    """Brings a parsed document into the one shape that the contracts describe; never fails, adds no value."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One event type: its document, what `recordId` or its like is in it, and what it means."""

    provider: ProviderContract
    document: type[Record]
    entity: str
    """Column that identifies the entity the event is about, such as `booking_id`."""
    description: str
    version: int = 1

    @property
    def event_type(self) -> str:
        """The name the provider sends; the tag of the document."""
        return str(self.document.__struct_config__.tag)

    @property
    def table(self) -> str:
        """Name of the event table in the schema `events`."""
        return self.event_type.lower()


def walk(document: object, path: Path) -> object:
    """The value at `path` in a decoded JSON document, None where there is none."""
    for step in path:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


def by_event_type(contracts: Iterator[Contract]) -> dict[tuple[str, str], Contract]:
    """Contracts by provider and event type. Raises `ValueError` when two claim the same event or table."""
    found: dict[tuple[str, str], Contract] = {}
    tables: set[str] = set()
    for contract in contracts:
        if contract.table in tables:
            raise ValueError(f"two contracts want the table of {contract.event_type}")
        tables.add(contract.table)
        found[contract.provider.name, contract.event_type] = contract
    return found
