"""The macro `components` against a search in Python, on graphs of any shape."""

import random
from itertools import pairwise
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from pipelines.transform.sources import MODELS

Edges = list[tuple[int, int]]
MACRO = (Path(MODELS) / "macros" / "components.sql").read_text(encoding="utf-8")
QUERY = (
    Environment(autoescape=True)
    .from_string(
        MACRO
        + """with recursive edges as materialized (
      select a as node, b as other_node from given union select b, a from given
    ), {{ components('edges') }} from components"""
    )
    .render()
)
NODE = st.integers(0, 30)


def found(edges: Edges) -> set[frozenset[int]]:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE given AS SELECT unnest($1::INT[]) AS a, unnest($2::INT[]) AS b", columns(edges)
        )
        rows = con.execute(QUERY).fetchall()
    assert len({node for node, _ in rows}) == len(rows)
    return groups(rows)


def columns(edges: Edges) -> list[list[int]]:
    return [[a for a, _ in edges], [b for _, b in edges]]


def groups(rows: Edges) -> set[frozenset[int]]:
    members: dict[int, set[int]] = {}
    for node, root in rows:
        members.setdefault(root, set()).add(node)
    return {frozenset(group) for group in members.values()}


def searched(edges: Edges) -> set[frozenset[int]]:
    group = {node: {node} for edge in edges for node in edge}
    for a, b in edges:
        if group[a] is not group[b]:
            group[a] |= group[b]
            group.update(dict.fromkeys(group[b], group[a]))
    return {frozenset(members) for members in group.values()}


@settings(max_examples=60, deadline=None)
@given(edges=st.lists(st.tuples(NODE, NODE), max_size=40))
def test_nodes_are_together_exactly_where_edges_lead(edges: Edges) -> None:
    assert found(edges) == searched(edges)


def test_a_line_of_thousands_in_any_order_is_one() -> None:
    nodes = list(range(5_000))
    random.Random(7).shuffle(nodes)
    assert found(list(pairwise(nodes))) == {frozenset(nodes)}
