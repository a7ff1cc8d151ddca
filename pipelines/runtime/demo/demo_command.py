"""`hirestream demo`: runs the whole system with simulated traffic and compares its numbers with the truth."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from pipelines.errors import HirestreamError
from pipelines.host.supervisor import Supervisor, interruptible
from pipelines.lake.connection import open_lake
from pipelines.reports.write_report import write_report
from pipelines.runtime.demo.plan import DemoPlan, demo_sources, load_plan, save_plan
from pipelines.runtime.demo.results import DemoResults, mismatches, read_results
from pipelines.runtime.stream.build_state import read_state
from pipelines.runtime.up_command import Components, Say, addresses_message, running, watch_until_interrupted
from pipelines.settings import Settings
from pipelines.simulate.delivery.http_sender import Sign, send_all
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.simulate.world.endpoints import ENDPOINTS

CONCURRENCY = 64
LOADED_TIMEOUT_SECONDS = 300.0
BUILT_TIMEOUT_SECONDS = 180.0
POLL_SECONDS = 1.0
PROGRESS_EVERY = 2_000
LOOK = """Look further:
  make notebook
  .venv/bin/hirestream query "SELECT * FROM marts.scheduling_success_cohort ORDER BY day DESC LIMIT 10"
  .venv/bin/hirestream status"""

SignWith = Callable[[Settings, str], Sign]
"""Function that returns the signer for a source of the settings."""


def run_demo(
    settings: Settings,
    plan: DemoPlan,
    parts: Components,
    *,
    sign_with: SignWith,
    say: Say,
    show: Callable[[DemoResults], None],
    stay: bool,
) -> DemoResults:
    """Start all components, send the deliveries of the plan unless this home has them, and show the results.

    With `stay` the components continue until interrupted. Raises `UsageError` on a home with other data,
    and the errors of `running`. All started processes are stopped in any case.
    """
    settings, environment = demo_sources(settings, parts.environment)
    parts = replace(parts, environment=environment)
    plan = load_plan(settings, plan)
    with interruptible(), running(settings, parts, say) as supervisor:
        say(f"simulating {plan.journeys} candidate journeys (seed {plan.seed})")
        time_zone = settings.report.time_zone
        simulation = simulate(plan.seed, plan.journeys, plan.until, time_zone, legacy_day=plan.legacy_day)
        if plan.sent is None:
            plan = _send(settings, plan, simulation, sign_with, say)
        results = _wait_for_results(settings, plan, simulation, supervisor, say)
        show(results)
        if stay:
            say(addresses_message(settings, parts))
            say(LOOK)
            watch_until_interrupted(supervisor)
    return results


def _send(
    settings: Settings, plan: DemoPlan, simulation: Simulation, sign_with: SignWith, say: Say
) -> DemoPlan:
    """Post all deliveries and return the plan with `sent` set.

    After an interruption the next call sends all of them again; repeated deliveries count once.
    """
    total = len(simulation.deliveries)
    say(f"sending {total} signed webhooks, duplicates and disorder included")

    def progress(answered: int) -> None:
        if answered % PROGRESS_EVERY == 0:
            say(f"  {answered} of {total} accepted")

    signs = {endpoint.source: sign_with(settings, endpoint.source) for endpoint in ENDPOINTS}
    address = settings.receiver_url
    report = send_all(simulation.deliveries, address, signs, CONCURRENCY, on_progress=progress)
    if report.other:
        raise HirestreamError(f"the receiver did not accept everything: {report.other} (status: count)")
    say(f"  {total} accepted in {report.seconds:.1f} s")
    sent_plan = replace(plan, sent=report.answered_200)
    save_plan(settings, sent_plan)
    return sent_plan


def _wait_for_results(
    settings: Settings, plan: DemoPlan, simulation: Simulation, supervisor: Supervisor, say: Say
) -> DemoResults:
    """Wait until all is loaded and the marts match the truth, or until a timeout. Returns the results."""
    say("loading and building the models")
    sent = plan.sent or 0
    with _lake_connection(settings, pinned=False) as con:
        _wait(supervisor, LOADED_TIMEOUT_SECONDS, lambda: _count_deliveries(con) >= sent)
        _wait(supervisor, BUILT_TIMEOUT_SECONDS, lambda: not mismatches(con, simulation))
        # the compared marts are built before other models that the report reads
        _wait(supervisor, BUILT_TIMEOUT_SECONDS, lambda: read_state(settings.home) is not None)
    with _lake_connection(settings, pinned=True) as con:
        results = read_results(con, sent, mismatches(con, simulation))
        if results.rates:
            say(f"report: {write_report(settings, con, datetime.now(UTC))}")
        return results


@contextmanager
def _lake_connection(settings: Settings, *, pinned: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    con = open_lake(settings.warehouse, read_only=True, pinned=pinned)
    try:
        yield con
    finally:
        con.close()


def _wait(supervisor: Supervisor, seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        supervisor.watch(POLL_SECONDS)


def _count_deliveries(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT count(*) FROM wh.ledger.deliveries").fetchone()
    return int(row[0]) if row else 0
