"""Remove residues outside records: log lines are masked, built files deleted."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.admin.erasure.residue_scan import Residue, needles_of

BUILT = ("dbt", "reports")
"""Folders of the home of which everything can be made again."""

LOGS = frozenset({".log", ".out", ".err"})


def clear(home: Path, found: Sequence[Residue], values: Sequence[str]) -> list[str]:
    """Clear what can be cleared without harm; returns the files, as traces name them."""
    cleared = []
    for name in sorted({trace.file for trace in found if trace.where == "bytes"}):
        file = home / name
        if Path(name).parts[0] in BUILT:
            file.unlink(missing_ok=True)
        elif file.suffix in LOGS:
            _mask(file, values)
        else:
            continue
        cleared.append(name)
    return cleared


def is_clearable(name: Path) -> bool:
    """Return whether `clear` would clear a file of the home, by its path below it."""
    return name.parts[:1] in {(each,) for each in BUILT} or name.suffix in LOGS


def _mask(file: Path, values: Sequence[str]) -> None:
    """In place and of the same length, so that whoever appends to it continues."""
    content = file.read_bytes()
    needles = sorted(needles_of(values), key=len, reverse=True)  # or the rest of a longer one would stay
    pattern = re.compile(b"|".join(map(re.escape, needles)), re.IGNORECASE)
    with file.open("r+b") as stream:
        for match in pattern.finditer(content):
            stream.seek(match.start())
            stream.write(b"x" * (match.end() - match.start()))
