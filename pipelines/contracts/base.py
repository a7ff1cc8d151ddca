"""A contract: one event type of one provider as a value."""

from collections.abc import Callable, Iterable
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
    """One event type: its document, and what `recordId` or its like is in it."""

    provider: ProviderContract
    document: type[Record]
    entity: str
    """Column that identifies the entity the event is about, such as `booking_id`."""
    version: int = 1

    @property
    def description(self) -> str:
        """A sentence on what happened: the docstring of the document."""
        return self.document.__doc__ or ""

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


def by_event_type(contracts: Iterable[Contract]) -> dict[tuple[str, str], Contract]:
    """Contracts, sorted by provider and event type. Raises `ValueError` when two want the same table."""
    found: dict[tuple[str, str], Contract] = {}
    tables: set[str] = set()
    for contract in sorted(contracts, key=lambda contract: (contract.provider.name, contract.event_type)):
        if contract.table in tables:
            raise ValueError(f"two contracts want the table of {contract.event_type}")
        tables.add(contract.table)
        found[contract.provider.name, contract.event_type] = contract
    return found


def by_name(providers: Iterable[ProviderContract]) -> dict[str, ProviderContract]:
    """Providers by name. Raises `ValueError` when two have the same name."""
    found: dict[str, ProviderContract] = {}
    for provider in providers:
        if provider.name in found:
            raise ValueError(f"two providers have the name {provider.name}")
        found[provider.name] = provider
    return found
