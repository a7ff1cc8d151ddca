"""Reasons of rejected records without the names of fields that a contract does not know."""

import re
from collections.abc import Sequence

import polars as pl

from pipelines.decode.validation import Problem
from pipelines.lake.schema import QUARANTINE

_QUOTED = re.compile(r'\["(?:[^"\\]|\\.)*"\]')


def unquoted(path: str) -> str:
    """A path without what a sender may have written in place of a name."""
    return _QUOTED.sub('["…"]', path)


def unquoted_problems(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The same problems at such paths."""
    return tuple(Problem(unquoted(each.path), each.problem) for each in problems)


def without_quotes(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of `quarantine.records` with such reasons."""
    reasons = [
        [{**each, "path": unquoted(each["path"] or "")} for each in row or ()]
        for row in records["reasons"].to_list()
    ]
    return records.with_columns(
        pl.col("reason").map_elements(unquoted, return_dtype=pl.String),
        pl.Series("reasons", reasons, dtype=QUARANTINE["reasons"]),
    )
