# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands that show state and data (status, doctor, query, audit, quarantine), and the report."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def status(as_json: AsJson = False) -> int:
    """Show the state of every part; 1 when there is a problem."""
    from pipelines.diagnostics.status import read_status, render
    from pipelines.host.output import emit

    found = read_status(read_settings())
    emit(found, render(found), as_json=as_json)
    return 1 if found.problems else 0


@app.command()
def doctor(as_json: AsJson = False) -> int:
    """Check this machine's prerequisites; 1 when one fails."""
    from pipelines.diagnostics.doctor import examine, render
    from pipelines.host.output import emit

    findings = examine(read_settings())
    emit(findings, render(findings), as_json=as_json)
    return 0 if all(finding.ok for finding in findings) else 1


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; schemas are those of the lake.")],
    as_json: AsJson = False,
) -> None:
    """Run SQL over the lake, read-only."""
    from pipelines.host.output import emit_rows
    from pipelines.serving.lake_reader import query as run_query

    emit_rows(run_query(read_settings(), sql), as_json=as_json)


@app.command()
def audit(as_json: AsJson = False) -> int:
    """Check the ledger against itself, the tables and the topic; 1 when a check fails."""
    from pipelines.admin.audit.command import render, run_audit
    from pipelines.host.output import emit

    found = run_audit(read_settings())
    document = {"ok": found.ok, "totals": found.totals, "spool": found.spool, "findings": found.findings}
    emit(document, render(found), as_json=as_json)
    return 0 if found.ok else 1


@app.command()
def quarantine(
    records: Annotated[
        bool, typer.Option("--records", help="List single records instead of counts by reason.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --records: how many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Count the records that could not be decoded by reason, or list them; never their content."""
    from pipelines.diagnostics.listings import quarantine_groups, quarantined
    from pipelines.host.output import emit_rows

    settings = read_settings()
    found = quarantined(settings, limit) if records else quarantine_groups(settings)
    emit_rows(found, as_json=as_json)


@app.command()
def report(as_json: AsJson = False) -> None:
    """Write today's report as one HTML page and print its path; with --json print its numbers instead."""
    from pipelines.host.output import show, show_json
    from pipelines.reports.json_report import report_as_json
    from pipelines.reports.load_report import read_report
    from pipelines.reports.write_report import write_report
    from pipelines.serving.lake_reader import open_for_reading

    settings, now = read_settings(), datetime.now(UTC)
    with open_for_reading(settings) as con:
        if as_json:
            show_json(report_as_json(read_report(con, now, settings.report.time_zone)))
        else:
            show(str(write_report(settings, con, now)))
