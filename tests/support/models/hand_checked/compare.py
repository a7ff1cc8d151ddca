"""What a lake says against what was worked out by hand, difference by difference, in words."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

from tests.support.models.hand_checked.expected import Cells, Rows, shown
from tests.support.models.small_lake import SmallLake

TOLERANCE = 1e-6
"""Relative, and that of the six digits after the point that the fixture writes."""


def differences(lake: SmallLake, expected: Cells | Rows) -> list[str]:
    """A sentence for each number or member that is not as expected; none where all is well."""
    if isinstance(expected, Rows):
        return list(_rows(lake, expected))
    return [*_counts(lake, expected), *_members(lake, expected)]


def _counts(lake: SmallLake, expected: Cells) -> Iterator[str]:
    described = lake.rows(f"DESCRIBE wh.marts.{expected.mart}")
    names = [row["column_name"] for row in described if row["column_type"] == "BIGINT"]
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in names)
    found = lake.rows(
        f"SELECT {expected.by} AS key, {sums} FROM wh.marts.{expected.mart} "
        f"WHERE metric = '{expected.metric}' GROUP BY ALL"
    )
    counts = {_text(row.pop("key")): row for row in found}
    for key in sorted({*counts, *expected.parts}):
        said, hand = counts.get(key, {}), expected.counts(key)
        other = [name for name in sorted({*said, *hand}) if said.get(name, 0) != hand.get(name, 0)]
        if other:
            by_hand, by_mart = ({n: of.get(n, 0) for n in other} for of in (hand, said))
            yield f"{key}: by hand {shown(by_hand)}; in the mart {shown(by_mart)}"


def _members(lake: SmallLake, expected: Cells) -> Iterator[str]:
    rows = lake.rows(
        f"SELECT entity_id, bucket, {expected.by} AS key FROM wh.marts.members "
        f"WHERE mart = '{expected.mart}' AND metric = '{expected.metric}'"
    )
    said = {row["entity_id"]: (row["bucket"], _text(row["key"])) for row in rows}
    hand = expected.members
    if len(said) < len(rows):
        yield "marts.members lists an entity twice"
    for who in sorted({*said, *hand}):
        if said.get(who) != hand.get(who):
            yield f"{who}: by hand {_place(hand.get(who))}; in marts.members {_place(said.get(who))}"


def _place(place: tuple[str, str] | None) -> str:
    return f"{place[0]} at {place[1]}" if place else "not there"


def _rows(lake: SmallLake, expected: Rows) -> Iterator[str]:
    names = (*expected.keys, *expected.columns)
    found = lake.rows(f"SELECT {', '.join(names)} FROM wh.marts.{expected.mart}")
    said: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in found:
        key = tuple(_text(row[name]) for name in expected.keys)
        if key in said:
            yield f"{' '.join(key)}: two rows"
        said[key] = row
    for key in sorted({*said, *expected.rows} if expected.is_whole else expected.rows):
        yield from _row(key, expected, said.get(key))


def _row(key: tuple[str, ...], expected: Rows, said: dict[str, Any] | None) -> Iterator[str]:
    hand = expected.rows.get(key)
    if hand is None or said is None:
        yield f"{' '.join(key)}: {'only in the mart: ' + str(said) if hand is None else 'not in the mart'}"
        return
    for name, value in zip(expected.columns, hand, strict=True):
        if not _equal(value, said[name]):
            yield f"{' '.join(key)}: {name} by hand {value}, in the mart {_text(said[name])}"


def _equal(hand: str, said: Any) -> bool:
    if hand == "-" or said is None:
        return hand == "-" and said is None
    return math.isclose(float(hand), float(said), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _text(value: Any) -> str:
    """As the fixture writes it: days of 2026 without the year, nothing as `-`."""
    if isinstance(value, dt.date):
        return f"{value:%m-%d}" if value.year == 2026 else value.isoformat()
    return "-" if value is None else str(value)
