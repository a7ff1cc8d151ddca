"""Output of a command: one JSON document or a table on stdout; everything else goes to stderr."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

from pipelines.host.values import QueryResult, to_json_value

MAX_CELL = 60

State = Literal["OK", "WARN", "FAIL"]
"""State of one line of `status`, `doctor` and `audit`; a FAIL makes the exit code 1."""


def say(text: str) -> None:
    """Progress, for a person."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def show(text: str) -> None:
    """A result for a person."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show_json(document: Any) -> None:
    """A result for a program: dataclasses, instants and mappings become plain JSON."""
    show(json.dumps(_plain(document), ensure_ascii=False))


def state_line(state: State, text: str) -> str:
    """One line for a person, which begins with its state."""
    return f"{state:<4}  {text}"


def emit(document: Any, text: str, *, as_json: bool) -> None:
    """A result in the form that was asked for."""
    show_json(document) if as_json else show(text)


def emit_rows(rows: QueryResult, *, as_json: bool) -> None:
    """Rows as a list of objects, or as a table."""
    emit(rows.records(), table(rows.columns, rows.rows), as_json=as_json)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows below their column names; long values are cut."""
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    lines = ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(to_json_value(value)).replace("\n", " ")
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def _plain(document: Any) -> Any:
    if dataclasses.is_dataclass(document) and not isinstance(document, type):
        document = dataclasses.asdict(document)
    if isinstance(document, list | tuple):
        return [_plain(item) for item in document]
    if isinstance(document, dict):
        return {str(key): _plain(value) for key, value in document.items()}
    return to_json_value(document)
