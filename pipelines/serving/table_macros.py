"""DuckDB table macros such as `scheduling_success(by := 'campaign', since := '2026-11-01')`.

Rates of several cells are computed from their summed counts, percentiles from their members, because rates
and medians of cells cannot be averaged. A macro refers to its mart only when it is called, so creating the
macros costs nothing and needs no mart. A wrong argument raises an error when the call is bound.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines.lake.sql import sql_literal, sql_literals
from pipelines.serving.mart_catalog import ACTIVITY, BASES, COUNTED, CatalogMart

PARTS = "^(population|numerator|denominator|open|(excluded|open|denominator|within)_.*|later)$"
"""Regular expression of the mart columns that can be summed."""
_WILSON_Z = "1.959963984540054"


@dataclass(frozen=True, slots=True)
class MacroTarget:
    """Database in which macros are created. `marts` is the schema of the marts with its catalog.

    `members` is the schema of one view of members for each question; None: all are in `marts.members`.
    """

    marts: str
    members: str | None = None
    temporary: bool = False

    def members_of(self, counted: CatalogMart) -> str:
        """Return the relation with the members of a question."""
        return f"{self.members}.{counted.members}" if self.members else f"{self.marts}.members"


LAKE = MacroTarget("wh.marts", members="wh.staging", temporary=True)
"""Target for a connection with the lake attached as `wh`; a view of one question is faster than all."""
PUBLISHED = MacroTarget("marts")
"""Target for the published file."""


def create_macros(con: duckdb.DuckDBPyConnection, place: MacroTarget) -> None:
    """Create every macro in the current catalog; only for this connection when `place.temporary`."""
    for counted in COUNTED:
        con.execute(macro(counted, place))
        schema = "temp.main." if place.temporary else ""
        con.execute(f"COMMENT ON MACRO TABLE {schema}{counted.name} IS {sql_literal(about(counted))}")


def about(counted: CatalogMart) -> str:
    """Describe the question that a macro answers and its arguments, for the comment on the macro."""
    lines = [counted.about, f"by := {', '.join(counted.cuts)}"]
    if counted.basis is not None:
        lines += [f"metric := {', '.join(counted.metrics)}", f"basis := {', '.join(BASES)}"]
    return "\n".join([*lines, "since, until (days, both within), organization, campaign: null is all"])


def macro(counted: CatalogMart, place: MacroTarget) -> str:
    """Return the SQL statement that creates the macro of a question."""
    kind = "TEMP MACRO" if place.temporary else "MACRO"
    return f"""
CREATE OR REPLACE {kind} {counted.name}({", ".join(_parameters(counted))}) AS TABLE
WITH parts AS (
  SELECT {_cut_sql(counted)} AS cut, CAST(sum(COLUMNS('{PARTS}')) AS BIGINT)
  FROM query_table({_validated_relation(counted, _mart_sql(counted, place))}) AS cell
  WHERE {_filter_sql(counted)}
  GROUP BY 1
){_select_percentiles(counted, place) if counted.measured else _select_rates()}
ORDER BY cut
"""  # noqa: S608 - our own names


def _parameters(counted: CatalogMart) -> Iterable[str]:
    yield "\"by\" := 'total'"
    if counted.basis is not None:
        yield f"metric := '{counted.metrics[0]}'"
        yield f"basis := '{counted.basis}'"
    yield from (f"{name} := NULL" for name in ("since", "until", "organization", "campaign"))


def _cut_sql(counted: CatalogMart) -> str:
    cases = " ".join(f"WHEN '{name}' THEN {column}" for name, column in counted.cuts.items())
    return f'CASE "by" {cases} END'


def _filter_sql(counted: CatalogMart) -> str:
    conditions = [
        "(since IS NULL OR cell.day >= CAST(since AS DATE))",
        "(until IS NULL OR cell.day <= CAST(until AS DATE))",
        "(organization IS NULL OR cell.organization_id = organization)",
        "(campaign IS NULL OR cell.campaign_id = campaign OR cell.external_campaign_id = campaign)",
    ]
    return " AND ".join([*conditions, *(["cell.metric = metric"] if counted.basis is not None else [])])


def _mart_sql(counted: CatalogMart, place: MacroTarget) -> str:
    name = f"'{place.marts}.{counted.name}"
    return f"{name}'" if counted.basis is None else f"{name}_' || basis"


def _validated_relation(counted: CatalogMart, relation: str) -> str:
    """Return SQL that gives `relation` for valid arguments, else an error that lists the valid ones."""
    cases = [_unknown_value_case('"by"', counted.cuts)]
    if counted.basis is not None:
        cases += [_unknown_value_case("metric", counted.metrics), _unknown_value_case("basis", BASES)]
    if counted.cohort_only:
        begin, end = sql_literal("metric := '"), sql_literal("' is there by basis := 'cohort' only")
        known = sql_literals(counted.cohort_only)
        cases.append(
            f"WHEN basis = '{ACTIVITY}' AND metric IN ({known}) THEN error({begin} || metric || {end})"
        )
    return f"CASE {' '.join(cases)} ELSE {relation} END"


def _unknown_value_case(parameter: str, known: Iterable[str]) -> str:
    known, name = tuple(known), parameter.strip('"')
    begin, end = sql_literal(f"{name} := '"), sql_literal(f"' is unknown; use one of: {', '.join(known)}")
    return (
        f"WHEN {parameter} IS NULL OR {parameter} NOT IN ({sql_literals(known)}) "
        f"THEN error({begin} || coalesce(CAST({parameter} AS VARCHAR), 'null') || {end})"
    )


def _select_rates() -> str:
    return f"""
SELECT
  *,
  CASE WHEN denominator > 0 THEN numerator / denominator END AS rate,
  {wilson_end("-")} AS wilson_low,
  {wilson_end("+")} AS wilson_high
FROM parts"""  # noqa: S608 - our own text


def wilson_end(sign: str) -> str:
    """Return a SQL expression for one end of the Wilson 95 % interval; `sign` is `-` (low) or `+` (high)."""
    z, within = _WILSON_Z, "greatest(0.0, " if sign == "-" else "least(1.0, "
    share, spread = "numerator / denominator", f"{z} * {z} / denominator"
    root = f"sqrt({share} * (1 - {share}) / denominator + {spread} / (4.0 * denominator))"
    return (
        f"CASE WHEN denominator > 0 THEN {within}({share} + {spread} / 2 {sign} {z} * {root})"
        f" / (1 + {spread})) END"
    )


def _select_percentiles(counted: CatalogMart, place: MacroTarget) -> str:
    return f""",
measured AS (
  SELECT
    {_cut_sql(counted)} AS cut,
    quantile_cont(cell.value, 0.5) AS median_seconds,
    quantile_cont(cell.value, 0.9) AS p90_seconds
  FROM query_table({_validated_relation(counted, sql_literal(place.members_of(counted)))}) AS cell
  WHERE cell.mart = '{counted.name}' AND cell.bucket = 'denominator' AND {_filter_sql(counted)}
  GROUP BY 1
)
SELECT parts.*, measured.median_seconds, measured.p90_seconds
FROM parts LEFT JOIN measured ON parts.cut IS NOT DISTINCT FROM measured.cut"""  # noqa: S608 - our own names
