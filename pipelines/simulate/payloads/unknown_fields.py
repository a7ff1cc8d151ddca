"""Add undocumented fields to webhook bodies, at several depths of the document."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from zlib import crc32

from pipelines.simulate.payloads.payload import Data

EXTRAS_ONE_IN = 33
EXTRAS: tuple[tuple[str, object], ...] = (
    ("regionHint", "eu-west"),
    ("labels", ["vip", "مهم"]),
    ("trace", {"hops": 2, "via": {"node": "n-7"}}),
    ("isBeta", False),
    ("weight", 0.25),
    ("retiredAt", None),
)


def with_extras(document: Data, number: str) -> Data:
    """Return the document; one in 33 gets an undocumented field at some depth, determined by `number`."""
    # a seeded generator for each of millions of events would cost more than all the rest
    if crc32(number.encode()) % EXTRAS_ONE_IN:
        return document
    rng = Random(f"extras {number}")
    longer = deepcopy(document)
    name, value = rng.choice(EXTRAS)
    rng.choice(list(_objects(longer)))[name] = value
    return longer


def _objects(value: object) -> Iterator[Data]:
    """Yield every non-empty object in `value`; an empty one means that a value is absent."""
    if isinstance(value, dict) and value:
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)
