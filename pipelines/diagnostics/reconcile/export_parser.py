"""Parser of a conversation list exported from a provider: CSV or JSON, with various column names.

Pure: bytes in, rows out. An error names the line that cannot be read.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.errors import UsageError

DELIMITERS = ",;\t|"
IDS = ("conversationid", "recordid", "conversation", "id")
STATUSES = ("conversationstatus", "status", "conversationoutcome", "outcome", "state")
"""Known column names, best first, in lower case with letters and digits only."""

_NAME = re.compile(r"[A-Za-z_][\w .-]{0,40}")
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """Conversation in the export; `status` is in upper case with underscores, None when empty."""

    conversation_id: str
    status: str | None
    line: int


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """Column names of the export; None means guess."""

    conversation_id: str | None = None
    status: str | None = None


Row = tuple[int, Mapping[str, Any]]
"""Row of the export: `(line, values by column)`; in JSON `line` is the number of the entry."""


def read_export(content: bytes, columns: ExportColumns) -> list[ExportedConversation]:
    """Parse an export and return its conversations in order.

    Raises `UsageError` for an export that cannot be read or has no conversation.
    """
    text = _text(content)
    if not text.strip():
        raise UsageError("the export is empty; it must have at least one conversation")
    rows = _json_rows(text) if text.lstrip()[0] in "[{" else _csv_rows(text)
    if not rows:
        raise UsageError("the export has no conversation in it")
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    id_name = _find_column(names, columns.conversation_id, IDS, "--id-column")
    status_name = _find_column(names, columns.status, STATUSES, "--status-column")
    return [_conversation(line, row, id_name, status_name) for line, row in rows]


def _text(content: bytes) -> str:
    encoding = next((name for mark, name in _ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"line {line} is no UTF-8; save the export as UTF-8") from None


def _json_rows(text: str) -> list[Row]:
    """Return the rows of JSON text: a list, an object that contains one list, or one object per line."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith("{"):
            raise UsageError(f"line {error.lineno} is not JSON: {error.msg}") from None
        document = list(_json_lines(text))
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 and not _is_conversation(document) else [document]
    return [(number, _require_object(number, row)) for number, row in enumerate(document, start=1)]


def _is_conversation(document: Mapping[str, Any]) -> bool:
    names = {_normalized(name) for name in document}
    return not names.isdisjoint(IDS) and not names.isdisjoint(STATUSES)


def _json_lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise UsageError(f"line {number} is not JSON: {error.msg}") from None


def _require_object(number: int, row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise UsageError(f"entry {number} is no object with a conversation's id and status")
    return row


def _csv_rows(text: str) -> list[Row]:
    header = text.lstrip("\r\n").splitlines()[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: Sequence[str] = ()
    rows: list[Row] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip() for cell in cells]
            elif len(cells) != len(names):
                raise UsageError(
                    f"line {reader.line_num} has {len(cells)} columns, and the first line {len(names)}"
                )
            else:
                rows.append((reader.line_num, dict(zip(names, cells, strict=True))))
    except csv.Error as error:
        raise UsageError(f"line {reader.line_num} is not a CSV: {error}") from None
    return rows


def _find_column(names: Sequence[str], named: str | None, known: Sequence[str], option: str) -> str:
    """Return the column `named`, or else the first known one. Raises `UsageError` when there is none."""
    if named is not None:
        if named not in names:
            raise UsageError(f"there is no column {named!r}; it has {_columns_text(names)}")
        return named
    by_plain = {_normalized(name): name for name in reversed(names)}
    for each in known:
        if each in by_plain:
            return by_plain[each]
    raise UsageError(f"none of its columns is known, name one with {option}; it has {_columns_text(names)}")


def _columns_text(names: Sequence[str]) -> str:
    """Return the column names as text, or only their number when they may be personal data of a row."""
    if all(_NAME.fullmatch(name) for name in names):
        return ", ".join(names)
    return f"{len(names)} columns, and its first line does not look like their names"


def _normalized(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _conversation(line: int, row: Mapping[str, Any], id_name: str, status_name: str) -> ExportedConversation:
    found = row.get(id_name)
    conversation_id = str(found).strip() if isinstance(found, str | int) else ""
    if not conversation_id:
        raise UsageError(f"line {line} has no conversation id in {id_name!r}")
    status = str(row.get(status_name) or "").strip().upper().replace(" ", "_").replace("-", "_")
    return ExportedConversation(conversation_id, status or None, line)
