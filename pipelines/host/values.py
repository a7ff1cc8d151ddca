"""Query results, and conversion of values to JSON."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_CONVERTERS: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((dt.datetime, dt.date, dt.time), lambda value: value.isoformat()),
    ((decimal.Decimal,), lambda value: int(value) if value == value.to_integral_value() else float(value)),
    ((bytes, bytearray), lambda value: bytes(value).hex()),
    ((dt.timedelta, uuid.UUID), str),
)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Columns and rows of a query; values are JSON values."""

    columns: list[str]
    rows: list[list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def to_json_value(value: Any) -> Any:
    """Convert a value to JSON: times and dates to ISO text, decimals to numbers, bytes to hex."""
    if isinstance(value, (list, tuple)):
        return [to_json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json_value(item) for key, item in value.items()}
    for kinds, convert in _CONVERTERS:
        if isinstance(value, kinds):
            return convert(value)
    return value
