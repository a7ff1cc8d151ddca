"""The comparison as a table: one line for each metric of each mart."""

from collections.abc import Iterable

from pipelines.simulate.compare.marts import MartComparison

SHOWN = 5
"""Differing cells that are named for each metric."""


def rendered(compared: Iterable[MartComparison]) -> str:
    """The table, and under it some of what differs."""
    rows = list(compared)
    lines = [f"{'mart':<30}{'metric':<30}{'cells':>8}{'truth':>10}{'mart':>10}{'differ':>8}"]
    for row in rows:
        metric = "" if row.metric == row.mart else row.metric
        totals = f"{row.truth_total:>10}{row.mart_total:>10}"
        lines.append(f"{row.mart:<30}{metric:<30}{row.cells:>8}{totals}{len(row.differing):>8}")
    cells, differing = sum(row.cells for row in rows), sum(len(row.differing) for row in rows)
    lines.append(f"{len(rows)} metrics, {cells} cells, {differing} differ")
    return "\n".join([*lines, *(f"  {line}" for row in rows for line in row.differing[:SHOWN])])
