"""Is every value of a body found again in its rows? Judged with Python's own JSON reader, not with ours."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pipelines.contracts.registry import contracts, providers
from pipelines.decode.decoded_batch import INSTANT
from pipelines.flatten.derived_tables import Column, tables_of

Row = Mapping[str, Any]
MICROSECOND = dt.timedelta(microseconds=1)


def changed_values(provider: str, body: bytes, rows: Mapping[str, list[Row]]) -> list[str]:
    """Paths of the body whose value is neither in a column nor in the extras, or is there as another one."""
    document = json.loads(body, parse_float=Decimal)
    if "generic" in rows:
        return [] if rows["generic"][0]["payload"].encode() == body else ["$ (payload)"]
    arranged = providers()[provider].normalize(document)
    assert isinstance(arranged, dict)
    event_type = _event_type(provider, arranged)
    tables = tables_of(provider, event_type)
    event = rows[tables.event.name][0]
    extras = json.loads(event["extras"] or "{}", parse_float=Decimal)
    known: dict[str, tuple[Column, Any]] = {}
    for column in tables.event.columns:
        known[column.json_path] = (column, event[column.name])
    for child in tables.children:
        for row in rows.get(child.name, []):
            for column in child.columns:
                at = column.json_path.replace("[]", f"[{row['position']}]", 1)
                known[at] = (column, row[column.name])
    organization = providers()[provider].organization
    identity = {"$." + ".".join(p) for p in (providers()[provider].event_type, organization) if p}
    wrong = [
        f"{at} (invented)" for at, (_, value) in known.items() if value is not None and not _has(arranged, at)
    ]
    return wrong + [
        at
        for at, value in _leaves(arranged, "$", set(known) | set(extras))
        if not _kept(at, value, known, extras, identity)
    ]


def _event_type(provider: str, document: dict[str, Any]) -> str:
    (name,) = providers()[provider].event_type
    assert (provider, document[name]) in contracts()
    return str(document[name])


def _leaves(value: Any, at: str, stops: set[str]) -> Iterator[tuple[str, Any]]:
    """Values by path, down to where a column or an extra holds the whole; empty containers are nothing."""
    if at in stops or not isinstance(value, (dict, list)):
        yield at, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, at + _step(name), stops)
    else:
        for position, inner in enumerate(value):
            yield from _leaves(inner, f"{at}[{position}]", stops)


def _step(name: str) -> str:
    return f".{name}" if name.replace("_", "").isalnum() else f"[{json.dumps(name, ensure_ascii=False)}]"


def _has(document: Any, at: str) -> bool:
    return any(found == at for found, _ in _all(document, "$"))


def _all(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    yield at, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _all(inner, at + _step(name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _all(inner, f"{at}[{position}]")


def _kept(
    at: str,
    value: Any,
    known: Mapping[str, tuple[Column, Any]],
    extras: Mapping[str, Any],
    identity: set[str],
) -> bool:
    if at in extras:
        return _same(value, extras[at])
    if at in known:
        column, found = known[at]
        return _same_in_column(column, value, found)
    return value is None or at in identity


def _same_in_column(column: Column, sent: Any, found: Any) -> bool:
    if sent is None or found is None:
        return sent is None and found is None
    if column.is_json:
        return _same(sent, json.loads(found, parse_float=Decimal))
    if column.dtype == INSTANT and isinstance(found, str):
        return str(sent).startswith(("0001-", "9999-"))  # in UTC it is beyond the years that Python knows
    if isinstance(found, dt.datetime):
        return isinstance(sent, str) and abs(_instant(sent) - found) <= MICROSECOND
    if isinstance(found, dt.date):
        return bool(sent == found.isoformat())
    return _same(sent, found)


def _instant(text: str) -> dt.datetime:
    whole, _, rest = text.partition(".")
    digits = "".join(c for c in rest[:9] if c.isdigit())
    zone = rest[len(digits) :] if rest else ""
    return dt.datetime.fromisoformat(f"{whole}.{digits[:6]:0<6}{zone}" if rest else text.replace("z", "Z"))


def _same(sent: Any, found: Any) -> bool:
    """Equal values; a number with a fraction may have become the double nearest to it."""
    if isinstance(sent, bool) or isinstance(found, bool):
        return sent is found
    if isinstance(sent, Decimal) and isinstance(found, (float, Decimal)):
        return float(sent) == float(found)
    if isinstance(sent, int) and isinstance(found, (int, float, Decimal)):
        return sent == found
    if isinstance(sent, list) and isinstance(found, list):
        return len(sent) == len(found) and all(_same(a, b) for a, b in zip(sent, found, strict=True))
    if isinstance(sent, dict) and isinstance(found, dict):
        return sent.keys() == found.keys() and all(_same(sent[name], found[name]) for name in sent)
    return type(sent) is type(found) and bool(sent == found)
