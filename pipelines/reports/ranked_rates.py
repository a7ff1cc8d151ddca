"""Reading lists of rates: questions, requirements, contact resolution; the worst come first."""

from collections.abc import Iterable, Sequence

import duckdb

from pipelines.reports.detail_data import Rated
from pipelines.reports.mart_cells import parts_by, read_sums
from pipelines.reports.rates import FEW, total
from pipelines.reports.report_data import Period


def read_questions(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Rated, ...]:
    """Every question that was answered."""
    return _by_one(con, "question_pass_rate", period, "screening_question")


def read_contacts(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Rated, ...]:
    """Contact resolution of every workflow."""
    return _by_one(con, "contact_resolution", period, "workflow_id")


def read_requirements(con: duckdb.DuckDBPyConnection, period: Period) -> tuple[Rated, ...]:
    """Every requirement; the same text as mandatory and not is two."""
    keys = ("requirement", "is_mandatory")
    sums = read_sums(con, "requirement_met_rate", period, keys)
    tags = {True: "mandatory", False: "optional"}
    return worst_first(Rated(text, parts, tags.get(kind)) for (text, kind), parts in parts_by(sums, *keys))


def worst_first(rated: Iterable[Rated]) -> tuple[Rated, ...]:
    """Lowest rate first; those of few cases after them, and last those without any."""
    return tuple(sorted(rated, key=_rank))


def top(rated: Sequence[Rated], most: int) -> tuple[Rated, ...]:
    """The first so many, and one line that holds all others, so that a list still adds up."""
    rest = rated[most:]
    if not rest:
        return tuple(rated)
    return (*rated[:most], Rated(None, total(line.parts for line in rest), others=len(rest)))


def _by_one(con: duckdb.DuckDBPyConnection, mart: str, period: Period, key: str) -> tuple[Rated, ...]:
    sums = read_sums(con, mart, period, (key,))
    return worst_first(Rated(label, parts) for (label,), parts in parts_by(sums, key))


def _rank(line: Rated) -> tuple[bool, bool, float, int, str, str]:
    parts = line.parts
    few = parts.denominator < FEW
    return parts.rate is None, few, parts.rate or 0.0, -parts.denominator, line.label or "", line.tag or ""
