"""Query results, and values as JSON has them."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_PLAIN: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((dt.datetime, dt.date, dt.time), lambda value: value.isoformat()),
    ((decimal.Decimal,), lambda value: int(value) if value == value.to_integral_value() else float(value)),
    ((bytes, bytearray), lambda value: bytes(value).hex()),
    ((dt.timedelta, uuid.UUID), str),
)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query, with plain values that JSON has too."""

    columns: list[str]
    rows: list[list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def to_json_value(value: Any) -> Any:
    """A value as JSON has it: instants and dates as ISO text, decimals as numbers, bytes as hex."""
    if isinstance(value, (list, tuple)):
        return [to_json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json_value(item) for key, item in value.items()}
    for kinds, convert in _PLAIN:
        if isinstance(value, kinds):
            return convert(value)
    return value
