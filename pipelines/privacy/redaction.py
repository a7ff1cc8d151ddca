"""A body without what is about a person: the same event, with the same ids, statuses, times and numbers.

What a contract marks personal becomes null, or empty where the shape counts; what no contract names loses
its value. An address in a field that stays, such as a key of a contact, becomes a pseudonym, so that things
that were told apart by it still are. Redacting what was redacted changes nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from pipelines.contracts.base import Path, ProviderContract, unchanged
from pipelines.contracts.field_types import Record
from pipelines.contracts.registry import contracts, providers
from pipelines.decode.decoder import MAX_DEPTH
from pipelines.decode.event_key import parse_json
from pipelines.decode.validation import Field, Problem, fields_of, is_deeper

Pseudonym = Callable[[str], str]
"""Another text for an address, always the same one."""

_PART = r"[^\s\"'<>()\[\]{},;:/\\|=?&%]"
_APOSTROPHE = r"(?<=\w)'(?=\w)"
ADDRESS = re.compile(
    # only from the first letter on, or a long word without an address is tried from each of its letters
    rf"(?<!{_PART})(?<!\w'(?=\w)){_PART}+(?:{_APOSTROPHE}{_PART}+)*(?:@|%40)[^\s\"'<>()\[\]{{}},;:/\\|=?&%@]+",
    re.IGNORECASE,
)
"""An e-mail address within a text, as people and URLs write it; an apostrophe within it is part of it."""

_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?)?")
_IDENTIFIES = re.compile(r".*(Id|_id|ID|Ids|_ids)|id|ids|key|newMeet")
"""Names of fields that hold ids, where no contract says what they hold."""
_TELLS = frozenset({"status", "type", "event", "eventType", "timestamp"})

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)


def redact(body: bytes, provider: str, pseudonym: Pseudonym) -> bytes:
    """The body without personal values; empty where it is not a JSON document of a known provider."""
    known = providers().get(provider)
    try:
        parsed = parse_json(body.decode())
        if known is None or is_deeper(parsed, MAX_DEPTH):
            return b""
        arranged = known.normalize(parsed)
        return _ENCODE(_masked(_document(arranged, known), pseudonym))
    except _UNREADABLE:
        return b""


def _document(arranged: Any, provider: ProviderContract) -> Any:
    kind = _kind(arranged, provider)
    if kind is not None:  # with null in one place, another field of the name would be moved there
        return _record(arranged, kind, None if provider.normalize is unchanged else "")
    kept = _kept_names(provider.name)
    blank = _blank(arranged, kept)
    for path in (provider.event_type, provider.event_id, provider.organization, *provider.clocks):
        if path is not None:
            _copy(arranged, blank, path)
    return blank


def _kind(arranged: Any, provider: ProviderContract) -> type[Record] | None:
    value = arranged
    for step in provider.event_type:
        value = value.get(step) if isinstance(value, dict) else None
    contract = contracts().get((provider.name, value)) if isinstance(value, str) else None
    return contract.document if contract else None


def _copy(source: Any, target: Any, path: Path) -> None:
    """Keep the text at a path: what identifies the event, or when it was."""
    for step in path[:-1]:
        source = source.get(step) if isinstance(source, dict) else None
        target = target.get(step) if isinstance(target, dict) else None
    if isinstance(source, dict) and isinstance(target, dict) and isinstance(source.get(path[-1]), str):
        target[path[-1]] = source[path[-1]]


def _record(value: Any, kind: type[Record], empty: str | None) -> Any:
    """A document or a part of it, as its contract has it; `empty` is what a personal text becomes."""
    if not isinstance(value, dict):
        return _blank(value)
    fields = {field.name: field for field in fields_of(kind)}
    tag = kind.__struct_config__.tag_field
    return {
        name: inner if name == tag else _field(inner, fields[name], empty) if name in fields else empty
        for name, inner in value.items()
    }


def _field(value: Any, field: Field, empty: str | None) -> Any:
    if value is None:
        return None
    if field.record:
        return _record(value, field.record, empty)
    if field.item and isinstance(value, list):
        return [_record(item, field.item, empty) for item in value]
    if field.personal:
        return empty if isinstance(value, str) and field.nullable else _blank(value)
    return value if _fits(value, field) else _blank(value)


def _fits(value: Any, field: Field) -> bool:
    """Return whether a value of a field that is not personal is as its contract describes it."""
    if isinstance(value, dict) or (isinstance(value, list) and not _are_plain(value)):
        return False
    try:
        msgspec.convert(value, field.annotation)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def _blank(value: Any, kept: frozenset[str] = frozenset()) -> Any:
    """The shape of a value that nobody describes: ids, statuses, times, yes and no; empty where text was.

    A field of a name in `kept` stays as it is.
    """
    if isinstance(value, dict):
        return {name: _entry(name, inner, kept) for name, inner in value.items()}
    if isinstance(value, list):
        return [_blank(inner, kept) for inner in value]
    if isinstance(value, str):
        return value if _is_instant(value) else ""
    return value if value is None or isinstance(value, bool) else 0


def _entry(name: str, value: Any, kept: frozenset[str]) -> Any:
    told = name in _TELLS or (bool(_IDENTIFIES.fullmatch(name)) and name not in _personal_names())
    stays = told or name in kept
    if stays and isinstance(value, str | int | float | Decimal):
        return value
    if stays and isinstance(value, list) and _are_plain(value):
        return value
    return _blank(value, kept)


def _are_plain(values: list[Any]) -> bool:
    """Return whether a list is one of ids, as hosts are."""
    return all(isinstance(each, str | int) for each in values)


def _is_instant(text: str) -> bool:
    if not _INSTANT.fullmatch(text):
        return False
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def _kept_names(provider: str) -> frozenset[str]:
    """Names that are fields of some contract of a provider and are about a person in none."""
    known: dict[str, bool] = {}
    for (name, _), contract in contracts().items():
        if name == provider:
            _note_names(contract.document, known)
    return frozenset(name for name, personal in known.items() if not personal)


@cache
def _personal_names() -> frozenset[str]:
    """Names that are about a person in some contract of some provider, such as `emailId`."""
    known: dict[str, bool] = {}
    for contract in contracts().values():
        _note_names(contract.document, known)
    return frozenset(name for name, personal in known.items() if personal)


def _note_names(kind: type[Record], known: dict[str, bool]) -> None:
    for field in fields_of(kind):
        known[field.name] = known.get(field.name, False) or field.personal
        for inner in (field.record, field.item):
            if inner is not None:
                _note_names(inner, known)


def _masked(value: Any, pseudonym: Pseudonym) -> Any:
    """Addresses replaced in every text that was left, and in names of fields."""
    if isinstance(value, str):
        return ADDRESS.sub(lambda found: pseudonym(found[0]), value) if _may_hold(value) else value
    if isinstance(value, Mapping):
        return {_masked(name, pseudonym): _masked(inner, pseudonym) for name, inner in value.items()}
    return [_masked(inner, pseudonym) for inner in value] if isinstance(value, list) else value


def _may_hold(text: str) -> bool:
    return "@" in text or "%40" in text


_QUOTED = re.compile(r'\["(?:[^"\\]|\\.)*"\]')


def unquoted(path: str) -> str:
    """A path without what a sender may have written in place of a name."""
    return _QUOTED.sub('["…"]', path)


def unquoted_problems(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The same problems at such paths."""
    return tuple(Problem(unquoted(each.path), each.problem) for each in problems)
