"""Data classes of a contract (one event type of one provider) and of the provider itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pipelines.contracts.field_types import Record

Path = tuple[str, ...]


def unchanged(document: object) -> object:
    """Return the document as it is: `normalize` of a provider whose documents fit its contracts as sent."""
    return document


@dataclass(frozen=True, slots=True)
class ProviderContract:
    """A provider: the paths of the common fields in its JSON documents, and the rules for all of them."""

    name: str
    event_type: Path
    event_id: Path | None
    organization: Path | None
    clocks: tuple[Path, ...] = ()
    """Paths of business times in order of preference; the first one present is `occurred_at`."""
    flattened: frozenset[str] = field(default=frozenset())
    """Names of JSON objects that are left out of the column names of their fields."""
    placeholders: frozenset[str] = field(default=frozenset())
    """Organization and event ids that only the provider's documentation and test deliveries use."""
    needs_type: bool = True
    """True where a document without an event type is a decode failure."""
    needs_organization: bool = True
    """True where a document without an organization is a decode failure."""
    one_sender: bool = True
    """False where each source is another sender, so that its ids are unique within the source only."""
    normalize: Callable[[object], object] = unchanged
    """Function that brings a parsed document into the shape of the contracts; never fails, adds no value."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Contract of one event type: its provider, the type of its document, and the entity it is about."""

    provider: ProviderContract
    document: type[Record]
    entity: str
    """Column with the id of the entity that the event is about, such as `booking_id`."""
    version: int = 1

    @property
    def description(self) -> str:
        """Sentence that says what happened: the docstring of the document class."""
        return self.document.__doc__ or ""

    @property
    def event_type(self) -> str:
        """Event type as the provider sends it: the msgspec tag of the document class."""
        return str(self.document.__struct_config__.tag)

    @property
    def table(self) -> str:
        """Name of the event table in the schema `events`."""
        return self.event_type.lower()


def walk(document: object, path: Path) -> object:
    """Return the value at `path` in a parsed JSON document; None where the path does not exist."""
    for step in path:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


def by_event_type(contracts: Iterable[Contract]) -> dict[tuple[str, str], Contract]:
    """Map (provider name, event type) to contract, sorted. Raises `ValueError` when two share a table."""
    contracts_by_type: dict[tuple[str, str], Contract] = {}
    tables: set[str] = set()
    for contract in sorted(contracts, key=lambda contract: (contract.provider.name, contract.event_type)):
        if contract.table in tables:
            raise ValueError(f"two contracts want the table of {contract.event_type}")
        tables.add(contract.table)
        contracts_by_type[contract.provider.name, contract.event_type] = contract
    return contracts_by_type


def by_name(providers: Iterable[ProviderContract]) -> dict[str, ProviderContract]:
    """Map provider name to provider. Raises `ValueError` when two have the same name."""
    by_provider_name: dict[str, ProviderContract] = {}
    for provider in providers:
        if provider.name in by_provider_name:
            raise ValueError(f"two providers have the name {provider.name}")
        by_provider_name[provider.name] = provider
    return by_provider_name
