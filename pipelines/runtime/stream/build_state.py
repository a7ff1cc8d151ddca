"""How the last model build went, kept in a file so that `hirestream status` can read it from outside."""

import json
from pathlib import Path
from typing import Any


def write_state(home: Path, state: dict[str, Any]) -> None:
    """Replace the file atomically."""
    new = home / ".stream.json.new"
    new.write_text(json.dumps(state))
    new.replace(home / "stream.json")


def read_state(home: Path) -> dict[str, Any] | None:
    """What was written last, None before the first build."""
    try:
        found: dict[str, Any] = json.loads((home / "stream.json").read_text())
    except FileNotFoundError:
        return None
    return found
