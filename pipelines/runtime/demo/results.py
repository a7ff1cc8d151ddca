"""Results of a demo: four headline rates, ledger counts, load delay, and differences from the truth."""

from dataclasses import dataclass

import duckdb

from pipelines.lake.catalog import ledger_totals
from pipelines.reports.headline_metrics import QUESTIONS
from pipelines.reports.headline_numbers import Headline, headlines
from pipelines.simulate.compare.marts import differences
from pipelines.simulate.compare.orufy_bookings import booking_differences
from pipelines.simulate.simulation import Simulation


@dataclass(frozen=True, slots=True)
class DemoResults:
    """Results of a demo. `differences` has a sentence for each number that differs from the truth."""

    rates: list[Headline]
    sent: int
    ledger: dict[str, int]
    delay_p50_seconds: float | None
    delay_p95_seconds: float | None
    differences: list[str]


def read_results(con: duckdb.DuckDBPyConnection, sent: int, different: list[str]) -> DemoResults:
    """Read rates and ledger counts of the lake attached as `wh`; `different` becomes `differences`."""
    rates = headlines(con) if _marts_exist(con) else []
    p50, p95 = con.execute(
        """
        SELECT quantile_cont(delay, 0.5), quantile_cont(delay, 0.95)
        FROM (
            SELECT date_diff('millisecond', received_at, loaded_at) / 1000 AS delay FROM wh.ledger.deliveries
        )
        """
    ).fetchall()[0]
    return DemoResults(rates, sent, ledger_totals(con), p50, p95, different)


def mismatches(con: duckdb.DuckDBPyConnection, simulation: Simulation) -> list[str]:
    """Return one sentence for each number of marts and ledger that differs from the simulation."""
    if not _marts_exist(con):
        return ["the marts are not built"]
    totals = ledger_totals(con)
    expected = {"loaded": simulation.distinct_events}
    if totals["accepted"] == len(simulation.deliveries):  # otherwise some were sent again
        expected |= {"duplicate": simulation.duplicates, "quarantined": simulation.quarantined}
    wrong = [
        f"ledger: {totals[name]} {name} instead of {count}"
        for name, count in expected.items()
        if totals[name] != count
    ]
    return [*wrong, *differences(con, simulation.truth), *booking_differences(con, simulation.bookings)]


def render(results: DemoResults) -> str:
    """Format the results as a text table."""
    lines = ["", f"{'rate':<22}{'value':>8}{'numerator':>11}{'of':>8}{'open':>7}  left out"]
    for rate in results.rates:
        value = "-" if rate.rate is None else f"{rate.rate:.1%}"
        left_out = ", ".join(f"{name} {count}" for name, count in rate.excluded.items() if count) or "none"
        counts = f"{rate.numerator:>11}{rate.denominator:>8}{rate.open:>7}"
        lines.append(f"{rate.question.replace('_', ' '):<22}{value:>8}{counts}  {left_out}")
    ledger = ", ".join(f"{name} {count}" for name, count in results.ledger.items())
    lines += ["", f"ledger: sent {results.sent}, {ledger}"]
    if results.delay_p50_seconds is not None and results.delay_p95_seconds is not None:
        p50, p95 = results.delay_p50_seconds, results.delay_p95_seconds
        lines.append(f"webhook to queryable row: p50 {p50:.2f} s, p95 {p95:.2f} s")
    found = len(results.differences)
    lines.append("every number equals the simulator's truth" if not found else f"{found} numbers differ:")
    return "\n".join([*lines, *(f"  {line}" for line in results.differences[:20]), ""])


def _marts_exist(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'marts' "
        "UNION SELECT view_name FROM duckdb_views() WHERE database_name = 'wh' AND schema_name = 'marts'"
    ).fetchall()
    return {question.mart for question in QUESTIONS} <= {name for (name,) in rows}
