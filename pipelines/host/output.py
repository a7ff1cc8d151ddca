"""Output of commands: one JSON document or text on stdout, progress on stderr."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

from pipelines.host.values import QueryResult, to_json_value

MAX_CELL = 60

State = Literal["OK", "WARN", "FAIL"]
"""State that starts a line of `status`, `doctor` and `audit`; a FAIL makes the exit code 1."""


def say(text: str) -> None:
    """Print a line of progress to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def show(text: str) -> None:
    """Print a result as text to stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show_json(document: Any) -> None:
    """Print a result as one JSON document to stdout; dataclasses, times and mappings are converted."""
    show(json.dumps(_to_plain_json(document), ensure_ascii=False))


def state_line(state: State, text: str) -> str:
    """Return a line that begins with its state."""
    return f"{state:<4}  {text}"


def emit(document: Any, text: str, *, as_json: bool) -> None:
    """Print `document` as JSON if `as_json`, else print `text`."""
    show_json(document) if as_json else show(text)


def emit_rows(rows: QueryResult, *, as_json: bool) -> None:
    """Print rows as a JSON list of objects if `as_json`, else as a text table."""
    emit(rows.records(), table(rows.columns, rows.rows), as_json=as_json)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Format rows as a text table with a header; values longer than `MAX_CELL` are cut."""
    cells = [list(columns), *([_cell_text(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    lines = ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def _cell_text(value: Any) -> str:
    text = "" if value is None else str(to_json_value(value)).replace("\n", " ")
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def _to_plain_json(document: Any) -> Any:
    if dataclasses.is_dataclass(document) and not isinstance(document, type):
        document = dataclasses.asdict(document)
    if isinstance(document, list | tuple):
        return [_to_plain_json(item) for item in document]
    if isinstance(document, dict):
        return {str(key): _to_plain_json(value) for key, value in document.items()}
    return to_json_value(document)
