"""Queries for lists of rates, lowest first: screening questions, requirements, contact resolution."""

from collections.abc import Iterable, Sequence

import duckdb

from pipelines.reports.detail_data import RankedRate
from pipelines.reports.mart_cells import parts_by, read_sums
from pipelines.reports.rates import FEW, total
from pipelines.reports.report_data import Period


def read_questions(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Return the pass rate of every screening question, lowest first."""
    return _rates_by(con, "question_pass_rate", period, "screening_question")


def read_contacts(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Return the contact resolution rate of every workflow, lowest first."""
    return _rates_by(con, "contact_resolution", period, "workflow_id")


def read_requirements(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Return the rate at which CVs meet each requirement, lowest first.

    A text that is both a mandatory and an optional requirement has two lines.
    """
    keys = ("requirement", "is_mandatory")
    sums = read_sums(con, "requirement_met_rate", period, keys)
    tags = {True: "mandatory", False: "optional"}
    return worst_first(
        RankedRate(text, parts, tags.get(kind)) for (text, kind), parts in parts_by(sums, *keys)
    )


def worst_first(rated: Iterable[RankedRate]) -> tuple[RankedRate, ...]:
    """Sort lines by rate, lowest first; lines with few cases follow, then lines without cases."""
    return tuple(sorted(rated, key=_sort_key))


def top(rated: Sequence[RankedRate], most: int) -> tuple[RankedRate, ...]:
    """Return the first `most` lines and one that sums all others, so that the list still adds up."""
    rest = rated[most:]
    if not rest:
        return tuple(rated)
    return (*rated[:most], RankedRate(None, total(line.parts for line in rest), others=len(rest)))


def _rates_by(con: duckdb.DuckDBPyConnection, mart: str, period: Period, key: str) -> tuple[RankedRate, ...]:
    sums = read_sums(con, mart, period, (key,))
    return worst_first(RankedRate(label, parts) for (label,), parts in parts_by(sums, key))


def _sort_key(line: RankedRate) -> tuple[bool, bool, float, int, str, str]:
    parts = line.parts
    few = parts.denominator < FEW
    return parts.rate is None, few, parts.rate or 0.0, -parts.denominator, line.label or "", line.tag or ""
