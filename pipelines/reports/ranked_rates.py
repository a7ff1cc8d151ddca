"""Reading lists of rates: questions, requirements, contact resolution; the worst come first."""

from collections.abc import Iterable, Sequence

import duckdb

from pipelines.reports.detail_data import RankedRate
from pipelines.reports.mart_cells import parts_by, read_sums
from pipelines.reports.rates import FEW, total
from pipelines.reports.report_data import Period


def read_questions(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Every question that was answered."""
    return _by_one(con, "question_pass_rate", period, "screening_question")


def read_contacts(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Contact resolution of every workflow."""
    return _by_one(con, "contact_resolution", period, "workflow_id")


def read_requirements(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[RankedRate, ...]:
    """Every requirement; the same text as mandatory and not is two."""
    keys = ("requirement", "is_mandatory")
    sums = read_sums(con, "requirement_met_rate", period, keys)
    tags = {True: "mandatory", False: "optional"}
    return worst_first(
        RankedRate(text, parts, tags.get(kind)) for (text, kind), parts in parts_by(sums, *keys)
    )


def worst_first(rated: Iterable[RankedRate]) -> tuple[RankedRate, ...]:
    """Lowest rate first; those of few cases after them, and last those without any."""
    return tuple(sorted(rated, key=_rank))


def top(rated: Sequence[RankedRate], most: int) -> tuple[RankedRate, ...]:
    """The first so many, and one line that holds all others, so that a list still adds up."""
    rest = rated[most:]
    if not rest:
        return tuple(rated)
    return (*rated[:most], RankedRate(None, total(line.parts for line in rest), others=len(rest)))


def _by_one(con: duckdb.DuckDBPyConnection, mart: str, period: Period, key: str) -> tuple[RankedRate, ...]:
    sums = read_sums(con, mart, period, (key,))
    return worst_first(RankedRate(label, parts) for (label,), parts in parts_by(sums, key))


def _rank(line: RankedRate) -> tuple[bool, bool, float, int, str, str]:
    parts = line.parts
    few = parts.denominator < FEW
    return parts.rate is None, few, parts.rate or 0.0, -parts.denominator, line.label or "", line.tag or ""
