"""SQL text: literals."""

from collections.abc import Iterable
from pathlib import Path


def sql_literal(text: str | Path) -> str:
    """Text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def sql_literals(texts: Iterable[str]) -> str:
    """Several of them as they stand between the brackets of IN."""
    return ", ".join(sql_literal(text) for text in texts)
