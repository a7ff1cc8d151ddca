# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands for secrets and signature schemes."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, OfSource, read_settings

secrets = typer.Typer(help="Secrets in use, and how a sender signs.", rich_markup_mode=None)
app.add_typer(secrets, name="secrets", invoke_without_command=True)


@secrets.callback()
def secrets_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Run `secrets list` when no subcommand is given."""
    if context.invoked_subcommand is None:
        secrets_list(as_json=as_json)


@secrets.command("list")
def secrets_list(as_json: AsJson = False) -> None:
    """List the key ids of every source, with how often and when each last verified."""
    from pipelines.diagnostics.scheme_finder.secrets_report import secrets_table
    from pipelines.host.output import emit_rows
    from receiver.sources import keys

    settings = read_settings()
    emit_rows(secrets_table(keys(settings), settings), as_json=as_json)


@secrets.command("match")
def secrets_match(
    capture: Annotated[Path | None, typer.Argument(help="A captured request: JSON, or raw HTTP.")] = None,
    unverified: Annotated[
        str | None, typer.Option(help="Use the unverified deliveries of this source instead.")
    ] = None,
    source: OfSource = None,
    as_json: AsJson = False,
) -> int:
    """Find the scheme of a captured request and print it as a setting to paste; 1 when none verifies."""
    from pipelines.diagnostics.scheme_finder.captured_request import read_capture
    from pipelines.diagnostics.scheme_finder.secrets_report import (
        match_capture,
        match_unverified,
        matches_document,
        render_matches,
    )
    from pipelines.errors import UsageError
    from pipelines.host.output import emit

    if (capture is None) == (unverified is None):
        raise UsageError("give exactly one of a capture file and --unverified")
    if unverified is not None and source is not None:
        raise UsageError("--unverified names the source already; leave --source out")
    settings = read_settings()
    if capture is not None:
        found = match_capture(settings, read_capture(capture), source)
    else:
        found = match_unverified(settings, str(unverified))
    emit(matches_document(found), render_matches(found), as_json=as_json)
    return 0 if found.matches else 1
