"""The files of `tests/fixtures/`: each is a body and the rows that it becomes."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "fixtures"
FILES = sorted(FOLDER.glob("*/*.json"))
POPP_EVENTS = [file for file in FILES if file.parent.name == "popp" and ".seed" not in file.stem]
"""Cases of Popp that are events of their own: the examples of its documents all bear one event id."""
