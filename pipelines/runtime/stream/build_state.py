"""State of the last model build, in a file that `hirestream status` reads."""

import json
from pathlib import Path
from typing import Any

from receiver.atomic_files import atomic_write


def write_state(home: Path, state: dict[str, Any]) -> None:
    """Replace the file atomically."""
    atomic_write(home / "stream.json", json.dumps(state).encode())


def read_state(home: Path) -> dict[str, Any] | None:
    """Last written state; None before the first build."""
    try:
        found: dict[str, Any] = json.loads((home / "stream.json").read_text())
    except FileNotFoundError:
        return None
    return found
