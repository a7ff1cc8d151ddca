"""Comparison of a parsed document with its contract: extras, and every problem."""

import json
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union

import msgspec

from pipelines.contracts.field_types import FieldProvenance, Record


@dataclass(frozen=True, slots=True)
class Problem:
    """Problem at one JSON path of a document. The text never contains the value."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class Field:
    """Field of a contract class. `name` is its JSON name; `record` and `item` are nested contract classes."""

    name: str
    annotation: Any
    required: bool
    record: type[Record] | None
    item: type[Record] | None
    nullable: bool
    guess: bool
    personal: bool


@cache
def fields_of(kind: type[Record]) -> tuple[Field, ...]:
    """Return the fields of a contract class, in the order of their definition."""
    hints = typing.get_type_hints(kind, include_extras=True)
    required = {f.name for f in msgspec.structs.fields(kind) if f.required}
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return tuple(_field(encoded, hints[name], name in required) for name, encoded in names)


def _field(name: str, annotation: Any, required: bool) -> Field:
    bare_type, nullable = _bare_type(annotation)
    item = _bare_type(typing.get_args(bare_type)[0])[0] if typing.get_origin(bare_type) is list else None
    guess, personal = _is_guess(annotation), _is_personal(annotation)
    return Field(name, annotation, required, _record(bare_type), _record(item), nullable, guess, personal)


def _is_guess(annotation: Any) -> bool:
    metas = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    said = [(meta.extra or {}).get("said") for meta in metas if isinstance(meta, msgspec.Meta)]
    return any(isinstance(each, FieldProvenance) and each.confidence == "guess" for each in said)


def _is_personal(annotation: Any) -> bool:
    """Return whether an annotation, or one nested in it, is marked as personal."""
    metas = [each for each in typing.get_args(annotation) if isinstance(each, msgspec.Meta)]
    if any((meta.extra or {}).get("personal") for meta in metas):
        return True
    origin = typing.get_origin(annotation)
    return origin in (Annotated, Union, types.UnionType) and any(
        map(_is_personal, typing.get_args(annotation))
    )


def _bare_type(annotation: Any) -> tuple[Any, bool]:
    """Return (annotation without `| None` and metadata, whether None is allowed)."""
    if typing.get_origin(annotation) is Annotated:
        return _bare_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not types.NoneType]
        if len(rest) == 1:
            return _bare_type(rest[0])[0], True
    return annotation, False


def _record(annotation: Any) -> type[Record] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Record) else None


def is_deeper(value: object, levels: int) -> bool:
    """Return whether a parsed document is nested deeper than `levels`."""
    below = [value]
    for _ in range(levels):
        below = [inner for each in below for inner in _children(each)]
        if not below:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def split_extras(value: Any, kind: type[Record]) -> tuple[Any, dict[str, Any] | None]:
    """Return (document with only the fields of its contract, other fields by JSON path or None)."""
    extras: dict[str, Any] = {}
    known = _without_extras(value, kind, "$", extras)
    return known, extras or None


def _without_extras(value: Any, kind: type[Record], path: str, extras: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    fields = {field.name: field for field in fields_of(kind)}
    known = {}
    for name, inner in value.items():
        field = fields.get(name)
        here = f"{path}.{name}" if field else f"{path}{_path_step(name)}"
        if field is None and name != kind.__struct_config__.tag_field:
            extras[here] = inner
        elif field and field.record:
            known[name] = _without_extras(inner, field.record, here, extras)
        elif field and field.item and isinstance(inner, list):
            known[name] = [
                _without_extras(v, field.item, f"{here}[{i}]", extras) for i, v in enumerate(inner)
            ]
        else:
            known[name] = inner
    return known


def _path_step(name: str) -> str:
    """Return a field name as a step of a JSON path, quoted where needed so that paths are unambiguous."""
    return f".{name}" if name.replace("_", "").isalnum() else f"[{json.dumps(name, ensure_ascii=False)}]"


def set_aside_guesses(
    known: Any, extras: Mapping[str, Any] | None, sent: Any, kind: type[Record]
) -> tuple[Any, dict[str, Any] | None]:
    """Return (document without values that do not fit a guessed field, extras with these values or None).

    `known` and `extras` come from `split_extras`. Misfitting values become extras as they are in `sent`.
    """
    misfits: dict[str, Any] = {}
    fitting = _without_misfits(known, sent, kind, "$", misfits, guessed=False)
    kept = {path: value for path, value in (extras or {}).items() if not _is_within(path, misfits)}
    return fitting, kept | misfits or None


def _is_within(path: str, others: Iterable[str]) -> bool:
    return any(path.startswith((f"{other}.", f"{other}[")) for other in others)


def _without_misfits(
    value: Any, sent: Any, kind: type[Record], path: str, misfits: dict[str, Any], *, guessed: bool
) -> Any:
    """Return `value` without values that do not fit a guess, and add these to `misfits` by path.

    `guessed` says that the field of the whole record is a guess, which makes each of its fields one.
    """
    if not isinstance(value, dict):
        return value
    kept = dict(value)
    for field in fields_of(kind):
        if field.name not in value:
            continue
        here, inner, guess = f"{path}.{field.name}", value[field.name], field.guess or guessed
        found: dict[str, Any] = {}
        if field.record:
            inner = _without_misfits(inner, sent[field.name], field.record, here, found, guessed=guess)
        elif field.item and isinstance(inner, list):
            inner = [
                _without_misfits(item, sent[field.name][i], field.item, f"{here}[{i}]", found, guessed=guess)
                for i, item in enumerate(inner)
            ]
        kept[field.name] = inner
        if guess and not field.required and _field_problems(kept, field, path):
            del kept[field.name]
            found = {here: sent[field.name]}
        misfits.update(found)
    return kept


def problems_of(value: Any, kind: type[Record], path: str = "$") -> list[Problem]:
    """Return every problem of a parsed document, in the order of the fields of its contract."""
    if not isinstance(value, dict):
        return [Problem(path, f"expected an object, got {kind_of(value)}")]
    return [problem for field in fields_of(kind) for problem in _field_problems(value, field, path)]


def _field_problems(parent: dict[str, Any], field: Field, path: str) -> list[Problem]:
    here = f"{path}.{field.name}"
    if field.name not in parent:
        return [Problem(here, "missing")] if field.required else []
    value = parent[field.name]
    if value is None and field.nullable:
        return []
    if field.record:
        return problems_of(value, field.record, here)
    if field.item and isinstance(value, list):
        return [p for i, v in enumerate(value) for p in problems_of(v, field.item, f"{here}[{i}]")]
    try:
        msgspec.convert(value, field.annotation)
    except msgspec.ValidationError as error:
        return [Problem(here, without_values(str(error)))]
    return []


def kind_of(value: object) -> str:
    """Return the JSON type of a parsed value for messages, such as `an object`."""
    names: dict[type, str] = {dict: "an object", list: "an array", str: "text", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def without_values(message: str) -> str:
    """Return a decoder's message without quoted values of the document, which could be personal."""
    message = message.split(" - at ", maxsplit=1)[0]
    return "not a value of the contract" if message.startswith("Invalid value") else message
