"""One body -> one typed document, or every reason why not. The strict judge of what a delivery says.

The common case is one call into the decoder. What that refuses is looked at again: fields a contract does not
name are set aside as extras, an event type without a contract is generic, and the rest is a reject.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, Union

import msgspec
from msgspec import Struct

from pipelines.contracts.contract import Contract, Path, Provider, walk
from pipelines.contracts.registry import contracts, providers
from pipelines.contracts.types import Record
from pipelines.flatten.shape import Problem, kind_of, problems_of, split_extras, without_values
from pipelines.ingest.identity import KeyKind, key_of_body, key_of_event

Stage = Literal["envelope", "json", "identity", "contract"]
MAX_REASONS = 50
MAX_ID_LENGTH = 512

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Identity(Struct, frozen=True, gc=False):
    """Which event a delivery carries, as far as it can be read."""

    event_type: str | None = None
    organization_id: str | None = None
    event_id: str | None = None
    event_key: str | None = None
    key_kind: KeyKind | None = None


class Typed(Struct, frozen=True, gc=False):
    """A document that fits its contract; `extras` are its fields beyond it, by path."""

    identity: Identity
    document: Record
    extras: Mapping[str, Any] | None = None


class Generic(Struct, frozen=True, gc=False):
    """A document of an event type that has no contract, as JSON text."""

    identity: Identity
    payload: str


class Rejected(Struct, frozen=True, gc=False):
    """A body that is no event of its provider; `identity` holds what could be read all the same."""

    identity: Identity
    stage: Stage
    problems: tuple[Problem, ...]


Decoded = Typed | Generic | Rejected


class ProviderDecoder:
    """Decodes the bodies of one provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.contracts = {kind: c for (name, kind), c in contracts().items() if name == provider.name}
        self._decode = _union_decoder(list(self.contracts.values()))
        some = next(iter(self.contracts.values()), None)
        self._organization = attributes(some, provider.organization)
        self._event_id = attributes(some, provider.event_id)

    def decode(self, body: bytes) -> Decoded:
        """The document of a body, or why there is none. Raises nothing, whatever the body is."""
        if self._decode is not None:
            try:
                document = self._decode(body)
            except _UNREADABLE:
                return self._decode_again(body)
            return Typed(self._identity_of_typed(document, body), document)
        return self._decode_again(body)

    def _identity_of_typed(self, document: Record, body: bytes) -> Identity:
        organization_id = follow(document, self._organization)
        event_id = follow(document, self._event_id)
        event_type = str(type(document).__struct_config__.tag)
        if event_id is not None:
            key = key_of_event(self.provider.name, organization_id, event_id)
            return Identity(event_type, organization_id, event_id, key, "event_id")
        key = key_of_body(self.provider.name, organization_id, msgspec.json.decode(body))
        return Identity(event_type, organization_id, None, key, "body")

    def _decode_again(self, body: bytes) -> Decoded:
        try:
            text = body.decode()
            parsed = msgspec.json.decode(text)
            identity = self._identity_of_parsed(parsed)
        except UnicodeDecodeError as error:
            return Rejected(Identity(), "json", (Problem("$", f"not UTF-8 at byte {error.start}"),))
        except (msgspec.DecodeError, RecursionError, OverflowError) as error:
            return Rejected(Identity(), "json", (Problem("$", without_values(str(error))),))
        if identity.event_key is None:
            return Rejected(identity, "identity", tuple(self._missing_identity(parsed)))
        contract = self.contracts.get(identity.event_type or "")
        if contract is None:
            return Generic(identity, text)
        known, extras = split_extras(parsed, contract.document)
        try:
            return Typed(identity, msgspec.convert(known, contract.document), extras)
        except (msgspec.ValidationError, RecursionError, OverflowError):
            return Rejected(identity, "contract", tuple(problems_of(known, contract.document)[:MAX_REASONS]))

    def _identity_of_parsed(self, parsed: object) -> Identity:
        where = self.provider
        event_type = _text(walk(parsed, where.event_type))
        organization_id = _text(walk(parsed, where.organization)) if where.organization else None
        sent_id = walk(parsed, where.event_id) if where.event_id else None
        event_id = _text(sent_id)
        organization_lacks = organization_id is None and self._organization is not None
        if event_type is None or organization_lacks or (sent_id is not None and event_id is None):
            return Identity(event_type, organization_id, event_id)
        if event_id is not None:
            key = key_of_event(where.name, organization_id, event_id)
            return Identity(event_type, organization_id, event_id, key, "event_id")
        key = key_of_body(where.name, organization_id, parsed)
        return Identity(event_type, organization_id, None, key, "body")

    def _missing_identity(self, parsed: object) -> list[Problem]:
        if not isinstance(parsed, dict):
            return [Problem("$", f"expected an object, got {kind_of(parsed)}")]
        found = []
        for path in (self.provider.event_type, self.provider.organization, self.provider.event_id):
            value = walk(parsed, path) if path else None
            absent_is_fine = path == self.provider.event_id and value is None
            if path and _text(value) is None and not absent_is_fine:
                problem = "missing" if value is None else f"expected an id or a name, got {kind_of(value)}"
                found.append(Problem("$." + ".".join(path), problem))
        return found


@cache
def decoder_of(provider: str) -> ProviderDecoder | None:
    """The decoder of a provider, None for one that nobody described."""
    known = providers().get(provider)
    return ProviderDecoder(known) if known else None


def _union_decoder(of: list[Contract]) -> Callable[[bytes], Record] | None:
    if not of:
        return None
    return msgspec.json.Decoder(Union[tuple(c.document for c in of)]).decode  # noqa: UP007 - built at run time


def attributes(contract: Contract | None, path: Path | None) -> tuple[str, ...] | None:
    """The attributes that lead where a JSON path leads in the documents of a contract."""
    if contract is None or path is None:
        return None
    kind: Any = contract.document
    names = []
    for step in path:
        at = kind.__struct_encode_fields__.index(step)
        names.append(kind.__struct_fields__[at])
        kind = msgspec.structs.fields(kind)[at].type
    return tuple(names)


def follow(document: Any, names: tuple[str, ...] | None) -> Any:
    """The value that the attributes lead to; None where there is none."""
    if names is None:
        return None
    for name in names:
        document = getattr(document, name, None)
    return document


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH else None
