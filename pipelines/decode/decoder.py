"""One body -> one typed document, or every reason why not. The strict judge of what a delivery says.

The common case is one call into the decoder. What that refuses is looked at again: fields a contract does not
name are set aside as extras, an event type without a contract is generic, and the rest is a reject.
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
"""Levels of nesting. What is deeper could be read in one thread and not written in another."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MISFITS = (msgspec.ValidationError, RecursionError, OverflowError)


class Identity(Struct, frozen=True, gc=False):
    """Identity of the event in a delivery, as far as it can be read."""

    event_type: str | None = None
    organization_id: str | None = None
    event_id: str | None = None
    event_key: str | None = None
    key_kind: KeyKind | None = None


class TypedEvent(Struct, frozen=True, gc=False):
    """A document that fits its contract; `extras` are its fields beyond it, by path."""

    identity: Identity
    document: Record
    extras: Mapping[str, Any] | None = None


class EventTime(Struct, frozen=True, gc=False):
    """The business time that a document without a contract has, and where it stands."""

    at: dt.datetime
    basis: str


class UntypedEvent(Struct, frozen=True, gc=False):
    """A document of an event type that has no contract, as JSON text."""

    identity: Identity
    payload: str
    clock: EventTime | None = None


class DecodeFailure(Struct, frozen=True, gc=False):
    """A body that is no event of its provider; `identity` holds what could be read all the same."""

    identity: Identity
    stage: Stage
    problems: tuple[Problem, ...]


Decoded = TypedEvent | UntypedEvent | DecodeFailure


class ProviderDecoder:
    """Decodes the bodies of one provider."""

    def __init__(self, provider: ProviderContract) -> None:
        self.provider = provider
        self.contracts = {kind: c for (name, kind), c in contracts().items() if name == provider.name}
        plain = provider.normalize is unchanged and provider.one_sender
        self._decode = _union_decoder(list(self.contracts.values())) if plain else None
        some = next(iter(self.contracts.values()), None)
        self._organization = attributes(some, provider.organization)
        self._event_id = attributes(some, provider.event_id)

    def decode(self, body: bytes, source: str | None = None, message_id: str | None = None) -> Decoded:
        """The document of a body, or why there is none. Raises nothing, whatever the body is.

        `message_id` is the id that the sender put next to the body, where its scheme has one.
        """
        if self._decode is not None:
            try:
                document = self._decode(body)
            except _UNREADABLE:
                return self._decode_again(body, source, message_id)
            return TypedEvent(self._identity_of_typed(document, body), document)
        return self._decode_again(body, source, message_id)

    def _identity_of_typed(self, document: Record, body: bytes) -> Identity:
        organization_id = follow(document, self._organization)
        event_id = follow(document, self._event_id)
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
            return DecodeFailure(identity, "identity", tuple(self._missing_identity(arranged)))
        contract = self.contracts.get(identity.event_type or "")
        if contract is None:
            return UntypedEvent(identity, text, self._clock(arranged))
        return _typed(identity, arranged, contract)

    def _identity_of_parsed(
        self, parsed: object, arranged: object, source: str | None, message_id: str | None
    ) -> Identity:
        where = self.provider
        event_type = _text(walk(arranged, where.event_type))
        organization_id = _text(walk(arranged, where.organization)) if where.organization else None
        sent_id = walk(arranged, where.event_id) if where.event_id else message_id
        event_id = _text(sent_id)
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

    def _clock(self, arranged: object) -> EventTime | None:
        """The first business time that can be read; a document without a contract promises none."""
        for path in self.provider.clocks:
            try:
                return EventTime(msgspec.convert(walk(arranged, path), Instant), ".".join(path))
            except (msgspec.ValidationError, OverflowError):
                continue
        return None

    def _missing_identity(self, parsed: object) -> list[Problem]:
        if not isinstance(parsed, dict):
            return [Problem("$", f"expected an object, got {kind_of(parsed)}")]
        where, found = self.provider, []
        for path, needed in (
            (where.event_type, where.needs_type),
            (where.organization, where.needs_organization),
            (where.event_id, False),
        ):
            value = walk(parsed, path) if path else None
            if path and _text(value) is None and (needed or value is not None):
                problem = "missing" if value is None else f"expected an id or a name, got {kind_of(value)}"
                found.append(Problem("$." + ".".join(path), problem))
        return found


@cache
def decoder_of(provider: str) -> ProviderDecoder | None:
    """The decoder of a provider, None for one that nobody described."""
    known = providers().get(provider)
    return ProviderDecoder(known) if known else None


def decode_one(provider: str, body: bytes, source: str | None, message_id: str | None) -> Decoded:
    """One body as a provider of that name would have sent it; rejected where nobody described one."""
    decoder = decoder_of(provider)
    if decoder is None:
        problem = Problem("headers.provider", "no provider of that name")
        return DecodeFailure(Identity(), "provider", (problem,))
    return decoder.decode(body, source, message_id)


def as_event(found: Decoded, event_key: str | None, key_kind: KeyKind | None) -> Decoded:
    """The same, as the event of this key: of a redacted body, which could make another one of it."""
    identity = msgspec.structs.replace(found.identity, event_key=event_key, key_kind=key_kind)
    return msgspec.structs.replace(found, identity=identity)


def _typed(identity: Identity, arranged: object, contract: Contract) -> Decoded:
    """A document held against its contract; only what does not fit a guess is set aside."""
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
