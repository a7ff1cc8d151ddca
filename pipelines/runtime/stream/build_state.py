"""State file of the stream's last model build, which `hirestream status` reads."""

import json
from pathlib import Path
from typing import Any

from receiver.atomic_files import atomic_write


def write_state(home: Path, state: dict[str, Any]) -> None:
    """Write the state of the last model build atomically into the home folder."""
    atomic_write(home / "stream.json", json.dumps(state).encode())


def read_state(home: Path) -> dict[str, Any] | None:
    """Read the state of the last model build; None before the first build."""
    try:
        state: dict[str, Any] = json.loads((home / "stream.json").read_text())
    except FileNotFoundError:
        return None
    return state
