"""The index of keys finds what a dictionary would, however its levels are merged."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.load.duplicate_index import KeyIndex, prefixes

KEYS = st.integers(0, 40)


@given(st.lists(st.lists(KEYS, max_size=10), max_size=12), st.lists(KEYS, max_size=20))
def test_finds_what_was_added_with_every_batch_it_came_in(added: list[list[int]], asked: list[int]) -> None:
    index, model = KeyIndex(), dict[int, set[int]]()
    for batch, keys in enumerate(added):
        index.add(np.array(keys, dtype=np.uint64), np.full(len(keys), batch, dtype=np.int64))
        for key in keys:
            model.setdefault(key, set()).add(batch)
    known, batches = index.find(np.array(asked, dtype=np.uint64))
    assert known.tolist() == [key in model for key in asked]
    assert batches == sorted(set().union(*(model.get(key, set()) for key in asked)))
    assert len(index) == sum(map(len, added))


def test_prefix_is_the_first_64_bits() -> None:
    assert prefixes(["00000000000000ff" + "a" * 48, "f" * 64]).tolist() == [255, 2**64 - 1]
