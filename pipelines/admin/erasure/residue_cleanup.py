"""Removal of erased values from files without records: log lines are masked, built files deleted."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.admin.erasure.residue_scan import Residue, needles_of

BUILT = ("dbt", "reports")
"""Folders of the home whose files can be built again."""

LOGS = frozenset({".log", ".out", ".err"})


def clear(home: Path, found: Sequence[Residue], values: Sequence[str]) -> list[str]:
    """Mask log files and delete built files that hold a value; return their paths below `home`."""
    cleared = []
    for name in sorted({residue.file for residue in found if residue.where == "bytes"}):
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
    """Return whether `clear` can clear a file; `name` is its path below the home."""
    return name.parts[:1] in {(each,) for each in BUILT} or name.suffix in LOGS


def _mask(file: Path, values: Sequence[str]) -> None:
    """Overwrite values in place, keeping the length, so that a process that appends to the file continues."""
    content = file.read_bytes()
    needles = sorted(
        needles_of(values), key=len, reverse=True
    )  # longest first, else the rest of a longer value would stay
    pattern = re.compile(b"|".join(map(re.escape, needles)), re.IGNORECASE)
    with file.open("r+b") as stream:
        for match in pattern.finditer(content):
            stream.seek(match.start())
            stream.write(b"x" * (match.end() - match.start()))
