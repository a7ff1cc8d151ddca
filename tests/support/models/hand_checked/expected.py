"""expected.txt as values: the cells of the rate marts with who is in them, and rows of the other marts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

EXPECTED = Path(__file__).parent / "expected.txt"
COUNTED = {"yes": "numerator", "no": "denominator", "open": "open"}


@dataclass(slots=True)
class Cells:
    """One metric of a rate mart, cut by one column: key -> part -> who. `next to` counts nobody twice."""

    mart: str
    metric: str
    by: str
    parts: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    beside: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.mart} {self.metric} by {self.by}"

    @property
    def members(self) -> dict[str, tuple[str, str]]:
        """Who -> bucket and key."""
        return {
            who: (bucket(part), key)
            for key, parts in self.parts.items()
            for part, ids in parts.items()
            for who in ids
        }

    def counts(self, key: str) -> dict[str, int]:
        """The mart's columns that are not 0."""
        parts = {part: len(ids) for part, ids in self.parts.get(key, {}).items()}
        yes, no = parts.get("yes", 0), parts.get("no", 0)
        found = {bucket(part): count for part, count in parts.items()}
        found |= {"population": sum(parts.values()), "numerator": yes, "denominator": yes + no}
        return found | {name: len(ids) for name, ids in self.beside.get(key, {}).items()}


@dataclass(slots=True)
class Rows:
    """Rows of a mart of its own by key; `is_whole` where it has no others."""

    mart: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    is_whole: bool
    rows: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.mart} rows" if self.is_whole else f"{self.mart} some rows"


def bucket(part: str) -> str:
    """What `marts.members` calls a part."""
    return COUNTED.get(part, f"excluded_{part}")


def expectations(path: Path = EXPECTED) -> list[Cells | Rows]:
    """Everything that is expected, in the order written."""
    found: list[Cells | Rows] = []
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            found.append(_heading(line.removeprefix("## ")))
        elif line and not line.startswith("#"):
            _add(found[-1], line)
    return found


def _heading(text: str) -> Cells | Rows:
    if " / " not in text:
        mart, metric, *by = text.split()
        return Cells(mart, metric, by[1] if by else "day")
    name, keys, columns = text.split(" / ")
    is_whole = not name.startswith("some ")
    return Rows(name.removeprefix("some "), tuple(keys.split()), tuple(columns.split()), is_whole)


def _add(to: Cells | Rows, line: str) -> None:
    if isinstance(to, Rows):
        words = line.split()
        assert len(words) == len(to.keys) + len(to.columns), line
        to.rows[tuple(words[: len(to.keys)])] = tuple(words[len(to.keys) :])
        return
    key, *parts = line.split(" | ")
    written = dict(_parts(parts))
    to.parts[key] = {name: ids for name, ids in written.items() if not name.startswith("+")}
    to.beside[key] = {name[1:]: ids for name, ids in written.items() if name.startswith("+")}


def _parts(parts: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Name and ids of each part, whose number must be that of the ids."""
    for part in parts:
        name, count, *ids = part.replace(":", "").split()
        assert int(count) == len(ids), part
        yield name, ids


def shown(parts: Mapping[str, int]) -> str:
    """Counts as words, without those that are 0."""
    return ", ".join(f"{name} {count}" for name, count in sorted(parts.items()) if count) or "nothing"
