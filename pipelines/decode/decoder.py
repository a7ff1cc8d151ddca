"""Strict decoding of one body to a typed document, or to a decode failure with every reason.

The common case is one call of the msgspec decoder. A body that it rejects is parsed again: fields that the
contract does not name become extras, an event type without a contract becomes an `UntypedEvent`, and anything
else becomes a `DecodeFailure`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, Union

import msgspec
from msgspec import Struct

from pipelines.contracts.base import Contract, Path, ProviderContract, unchanged, walk
from pipelines.contracts.field_types import Instant, Record
from pipelines.contracts.registry import contracts, providers
from pipelines.decode.event_key import KeyKind, key_of_body, key_of_event, parse_json
from pipelines.decode.validation import (
    Problem,
    is_deeper,
    kind_of,
    problems_of,
    set_aside_guesses,
    split_extras,
    without_values,
)

Stage = Literal["envelope", "provider", "json", "identity", "contract"]
MAX_REASONS = 50
MAX_ID_LENGTH = 512
MAX_DEPTH = 100
"""Maximum levels of nesting. One thread could read a deeper document, and another one fail to write it."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MISFITS = (msgspec.ValidationError, RecursionError, OverflowError)


class Identity(Struct, frozen=True, gc=False):
    """Identity of the event in a delivery; parts that cannot be read are None."""

    event_type: str | None = None
    organization_id: str | None = None
    event_id: str | None = None
    event_key: str | None = None
    key_kind: KeyKind | None = None


class TypedEvent(Struct, frozen=True, gc=False):
    """Document that fits its contract. `extras` maps JSON path to value for fields outside the contract."""

    identity: Identity
    document: Record
    extras: Mapping[str, Any] | None = None


class EventTime(Struct, frozen=True, gc=False):
    """Business time of a document without a contract; `basis` is the path that it was read from."""

    at: dt.datetime
    basis: str


class UntypedEvent(Struct, frozen=True, gc=False):
    """Document of an event type without a contract; `payload` is its JSON text."""

    identity: Identity
    payload: str
    clock: EventTime | None = None


class DecodeFailure(Struct, frozen=True, gc=False):
    """Problems of a body that is not a valid event; `stage` is the decoding step that found them."""

    identity: Identity
    stage: Stage
    problems: tuple[Problem, ...]


Decoded = TypedEvent | UntypedEvent | DecodeFailure


class ProviderDecoder:
    """Decoder for the bodies of one provider."""

    def __init__(self, provider: ProviderContract) -> None:
        self.provider = provider
        self.contracts = {kind: c for (name, kind), c in contracts().items() if name == provider.name}
        plain = provider.normalize is unchanged and provider.one_sender
        self._decode = _union_decoder(list(self.contracts.values())) if plain else None
        some = next(iter(self.contracts.values()), None)
        self._organization = attribute_path(some, provider.organization)
        self._event_id = attribute_path(some, provider.event_id)

    def decode(self, body: bytes, source: str | None = None, message_id: str | None = None) -> Decoded:
        """Decode a body to an event or a `DecodeFailure`. Raises nothing, whatever the body is.

        `message_id` is the id that the sender sent outside the body, where its signature scheme has one.
        """
        if self._decode is not None:
            try:
                document = self._decode(body)
            except _UNREADABLE:
                return self._decode_again(body, source, message_id)
            return TypedEvent(self._identity_of_typed(document, body), document)
        return self._decode_again(body, source, message_id)

    def _identity_of_typed(self, document: Record, body: bytes) -> Identity:
        organization_id = value_at(document, self._organization)
        event_id = value_at(document, self._event_id)
        event_type = str(type(document).__struct_config__.tag)
        if event_id is not None:
            key = key_of_event(self.provider.name, organization_id, event_id)
            return Identity(event_type, organization_id, event_id, key, "event_id")
        key = key_of_body(self.provider.name, organization_id, parse_json(body))
        return Identity(event_type, organization_id, None, key, "body")

    def _decode_again(self, body: bytes, source: str | None, message_id: str | None) -> Decoded:
        try:
            text = body.decode()
            parsed = parse_json(text)
            if is_deeper(parsed, MAX_DEPTH):
                return DecodeFailure(
                    Identity(), "json", (Problem("$", f"nested deeper than {MAX_DEPTH} levels"),)
                )
            arranged = self.provider.normalize(parsed)
            identity = self._identity_of_parsed(parsed, arranged, source, message_id)
        except UnicodeDecodeError as error:
            return DecodeFailure(Identity(), "json", (Problem("$", f"not UTF-8 at byte {error.start}"),))
        except (msgspec.DecodeError, RecursionError, OverflowError) as error:
            return DecodeFailure(Identity(), "json", (Problem("$", without_values(str(error))),))
        if identity.event_key is None:
            return DecodeFailure(identity, "identity", tuple(self._identity_problems(arranged)))
        contract = self.contracts.get(identity.event_type or "")
        if contract is None:
            return UntypedEvent(identity, text, self._event_time(arranged))
        return _typed_or_failure(identity, arranged, contract)

    def _identity_of_parsed(
        self, parsed: object, arranged: object, source: str | None, message_id: str | None
    ) -> Identity:
        where = self.provider
        event_type = _id_or_none(walk(arranged, where.event_type))
        organization_id = _id_or_none(walk(arranged, where.organization)) if where.organization else None
        sent_id = walk(arranged, where.event_id) if where.event_id else message_id
        event_id = _id_or_none(sent_id)
        incomplete = (
            not isinstance(arranged, dict)
            or (where.needs_type and event_type is None)
            or (where.needs_organization and organization_id is None)
            or (sent_id is not None and event_id is None)
        )
        if incomplete:
            return Identity(event_type, organization_id, event_id)
        scope = organization_id if where.one_sender else source
        if event_id is not None:
            key = key_of_event(where.name, scope, event_id)
            return Identity(event_type, organization_id, event_id, key, "event_id")
        return Identity(event_type, organization_id, None, key_of_body(where.name, scope, parsed), "body")

    def _event_time(self, arranged: object) -> EventTime | None:
        """Return the first readable business time of a document without a contract, None without any."""
        for path in self.provider.clocks:
            try:
                return EventTime(msgspec.convert(walk(arranged, path), Instant), ".".join(path))
            except (msgspec.ValidationError, OverflowError):
                continue
        return None

    def _identity_problems(self, parsed: object) -> list[Problem]:
        if not isinstance(parsed, dict):
            return [Problem("$", f"expected an object, got {kind_of(parsed)}")]
        where, found = self.provider, []
        for path, needed in (
            (where.event_type, where.needs_type),
            (where.organization, where.needs_organization),
            (where.event_id, False),
        ):
            value = walk(parsed, path) if path else None
            if path and _id_or_none(value) is None and (needed or value is not None):
                problem = "missing" if value is None else f"expected an id or a name, got {kind_of(value)}"
                found.append(Problem("$." + ".".join(path), problem))
        return found


@cache
def decoder_of(provider: str) -> ProviderDecoder | None:
    """Return the cached decoder of a provider; None for an unknown provider."""
    known = providers().get(provider)
    return ProviderDecoder(known) if known else None


def decode_one(provider: str, body: bytes, source: str | None, message_id: str | None) -> Decoded:
    """Decode a body with the decoder of its provider. An unknown provider is a `DecodeFailure`."""
    decoder = decoder_of(provider)
    if decoder is None:
        problem = Problem("headers.provider", "no provider of that name")
        return DecodeFailure(Identity(), "provider", (problem,))
    return decoder.decode(body, source, message_id)


def as_event(found: Decoded, event_key: str | None, key_kind: KeyKind | None) -> Decoded:
    """Return the decoded record with this event key instead of its own.

    A redacted record keeps the key of its delivery this way: its redacted body could give another key.
    """
    identity = msgspec.structs.replace(found.identity, event_key=event_key, key_kind=key_kind)
    return msgspec.structs.replace(found, identity=identity)


def _typed_or_failure(identity: Identity, arranged: object, contract: Contract) -> Decoded:
    """Convert a parsed document by its contract. Values that do not fit a guessed field become extras."""
    kind = contract.document
    known, extras = split_extras(arranged, kind)
    try:
        return TypedEvent(identity, msgspec.convert(known, kind), extras)
    except _MISFITS:
        fitting, extras = set_aside_guesses(known, extras, arranged, kind)
    try:
        return TypedEvent(identity, msgspec.convert(fitting, kind), extras)
    except _MISFITS:
        return DecodeFailure(identity, "contract", tuple(problems_of(fitting, kind)[:MAX_REASONS]))


def _union_decoder(of: list[Contract]) -> Callable[[bytes], Record] | None:
    if not of:
        return None
    return msgspec.json.Decoder(Union[tuple(c.document for c in of)]).decode  # noqa: UP007 - built at run time


def attribute_path(contract: Contract | None, path: Path | None) -> tuple[str, ...] | None:
    """Return the attribute names of a contract's document class that correspond to a JSON path."""
    if contract is None or path is None:
        return None
    kind: Any = contract.document
    names = []
    for step in path:
        at = kind.__struct_encode_fields__.index(step)
        names.append(kind.__struct_fields__[at])
        kind = msgspec.structs.fields(kind)[at].type
    return tuple(names)


def value_at(document: Any, names: tuple[str, ...] | None) -> Any:
    """Return the value at nested attribute_path of a document; None where one of them is missing."""
    if names is None:
        return None
    for name in names:
        document = getattr(document, name, None)
    return document


def _id_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH else None
