"""Table macros such as `scheduling_success(by := 'campaign', since := '2026-11-01')`, in any DuckDB.

Rates and percentiles of several cells are computed from their parts and members: neither an average of rates
nor a median of medians is one. Nothing of a mart is bound before a macro is called, so that making them costs
nothing and needs no mart. What is wrong with an argument is said when the call is bound.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines.lake.sql import sql_literal, sql_literals
from pipelines.serving.mart_catalog import ACTIVITY, BASES, COUNTED, CatalogMart

PARTS = "^(population|numerator|denominator|open|(excluded|open|denominator|within)_.*|later)$"
"""The columns of a mart that may be added up."""
_WILSON_Z = "1.959963984540054"


@dataclass(frozen=True, slots=True)
class MacroTarget:
    """Location of the marts: schema with catalog, and the relation with the `members` of a question."""

    marts: str
    members: str | None = None
    temporary: bool = False

    def members_of(self, counted: CatalogMart) -> str:
        """The relation with the members of a question."""
        return f"{self.members}.{counted.members}" if self.members else f"{self.marts}.members"


LAKE = MacroTarget("wh.marts", members="wh.staging", temporary=True)
"""Macros of a connection with the lake as `wh`; the view of one question is quicker than all members."""
PUBLISHED = MacroTarget("marts")
"""Macros within the published file."""


def create_macros(con: duckdb.DuckDBPyConnection, place: MacroTarget) -> None:
    """Make every macro in the current catalog, or for this connection alone where `place` is temporary."""
    for counted in COUNTED:
        con.execute(macro(counted, place))
        kept = "temp.main." if place.temporary else ""
        con.execute(f"COMMENT ON MACRO TABLE {kept}{counted.name} IS {sql_literal(about(counted))}")


def about(counted: CatalogMart) -> str:
    """Question that a macro answers, and its arguments."""
    lines = [counted.about, f"by := {', '.join(counted.cuts)}"]
    if counted.basis is not None:
        lines += [f"metric := {', '.join(counted.metrics)}", f"basis := {', '.join(BASES)}"]
    return "\n".join([*lines, "since, until (days, both within), organization, campaign: null is all"])


def macro(counted: CatalogMart, place: MacroTarget) -> str:
    """The statement that makes one macro."""
    kind = "TEMP MACRO" if place.temporary else "MACRO"
    return f"""
CREATE OR REPLACE {kind} {counted.name}({", ".join(_parameters(counted))}) AS TABLE
WITH parts AS (
  SELECT {_cut(counted)} AS cut, CAST(sum(COLUMNS('{PARTS}')) AS BIGINT)
  FROM query_table({_checked(counted, _mart(counted, place))}) AS cell
  WHERE {_asked(counted)}
  GROUP BY 1
){_measured(counted, place) if counted.measured else _rated()}
ORDER BY cut
"""  # noqa: S608 - our own names


def _parameters(counted: CatalogMart) -> Iterable[str]:
    yield "\"by\" := 'total'"
    if counted.basis is not None:
        yield f"metric := '{counted.metrics[0]}'"
        yield f"basis := '{counted.basis}'"
    yield from (f"{name} := NULL" for name in ("since", "until", "organization", "campaign"))


def _cut(counted: CatalogMart) -> str:
    cases = " ".join(f"WHEN '{name}' THEN {column}" for name, column in counted.cuts.items())
    return f'CASE "by" {cases} END'


def _asked(counted: CatalogMart) -> str:
    conditions = [
        "(since IS NULL OR cell.day >= CAST(since AS DATE))",
        "(until IS NULL OR cell.day <= CAST(until AS DATE))",
        "(organization IS NULL OR cell.organization_id = organization)",
        "(campaign IS NULL OR cell.campaign_id = campaign OR cell.external_campaign_id = campaign)",
    ]
    return " AND ".join([*conditions, *(["cell.metric = metric"] if counted.basis is not None else [])])


def _mart(counted: CatalogMart, place: MacroTarget) -> str:
    name = f"'{place.marts}.{counted.name}"
    return f"{name}'" if counted.basis is None else f"{name}_' || basis"


def _checked(counted: CatalogMart, relation: str) -> str:
    """The name of a relation where the arguments are right; else an error that says what they may be."""
    cases = [_unless_known('"by"', counted.cuts)]
    if counted.basis is not None:
        cases += [_unless_known("metric", counted.metrics), _unless_known("basis", BASES)]
    if counted.cohort_only:
        begin, end = sql_literal("metric := '"), sql_literal("' is there by basis := 'cohort' only")
        known = sql_literals(counted.cohort_only)
        cases.append(
            f"WHEN basis = '{ACTIVITY}' AND metric IN ({known}) THEN error({begin} || metric || {end})"
        )
    return f"CASE {' '.join(cases)} ELSE {relation} END"


def _unless_known(parameter: str, known: Iterable[str]) -> str:
    known, name = tuple(known), parameter.strip('"')
    begin, end = sql_literal(f"{name} := '"), sql_literal(f"' is unknown; use one of: {', '.join(known)}")
    return (
        f"WHEN {parameter} IS NULL OR {parameter} NOT IN ({sql_literals(known)}) "
        f"THEN error({begin} || coalesce(CAST({parameter} AS VARCHAR), 'null') || {end})"
    )


def _rated() -> str:
    return f"""
SELECT
  *,
  CASE WHEN denominator > 0 THEN numerator / denominator END AS rate,
  {wilson_end("-")} AS wilson_low,
  {wilson_end("+")} AS wilson_high
FROM parts"""  # noqa: S608 - our own text


def wilson_end(sign: str) -> str:
    """One end of the Wilson 95 % interval, as an expression over a cell; `sign` is `-` or `+`."""
    z, within = _WILSON_Z, "greatest(0.0, " if sign == "-" else "least(1.0, "
    share, spread = "numerator / denominator", f"{z} * {z} / denominator"
    root = f"sqrt({share} * (1 - {share}) / denominator + {spread} / (4.0 * denominator))"
    return (
        f"CASE WHEN denominator > 0 THEN {within}({share} + {spread} / 2 {sign} {z} * {root})"
        f" / (1 + {spread})) END"
    )


def _measured(counted: CatalogMart, place: MacroTarget) -> str:
    return f""",
measured AS (
  SELECT
    {_cut(counted)} AS cut,
    quantile_cont(cell.value, 0.5) AS median_seconds,
    quantile_cont(cell.value, 0.9) AS p90_seconds
  FROM query_table({_checked(counted, sql_literal(place.members_of(counted)))}) AS cell
  WHERE cell.mart = '{counted.name}' AND cell.bucket = 'denominator' AND {_asked(counted)}
  GROUP BY 1
)
SELECT parts.*, measured.median_seconds, measured.p90_seconds
FROM parts LEFT JOIN measured ON parts.cut IS NOT DISTINCT FROM measured.cut"""  # noqa: S608 - our own names
