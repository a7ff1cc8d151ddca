# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands for the receiver's spool on this machine and its dead letters."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings

DEFAULT_LIMIT = 20
spool = typer.Typer(help="Deliveries that wait for Kafka, and dead letters.", rich_markup_mode=None)
app.add_typer(spool, name="spool", invoke_without_command=True)


@spool.callback()
def spool_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Run `spool list` when no subcommand is given."""
    if context.invoked_subcommand is None:
        spool_list(limit=DEFAULT_LIMIT, as_json=as_json)


@spool.command("list")
def spool_list(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of deliveries listed.")] = DEFAULT_LIMIT,
    as_json: AsJson = False,
) -> None:
    """List the deliveries in the spool: first those that Kafka rejects, with its error, then the oldest."""
    from pipelines.diagnostics.spool_listing import waiting_table
    from pipelines.host.output import emit_rows

    emit_rows(waiting_table(read_settings(), limit), as_json=as_json)


@spool.command("dead-letters")
def spool_dead_letters(as_json: AsJson = False) -> None:
    """List the deliveries that were removed from the spool by hand, with sha256 and reason."""
    from pipelines.diagnostics.spool_listing import dead_letter_table
    from pipelines.host.output import emit_rows

    emit_rows(dead_letter_table(read_settings()), as_json=as_json)


@spool.command("remove")
def spool_remove(
    delivery_id: Annotated[str, typer.Argument(help="The delivery's id.")],
    file: Annotated[Path, typer.Argument(help="A new file for its body, byte for byte.")],
    reason: Annotated[str, typer.Option(help="Why; stored forever, so no personal data.")],
    as_json: AsJson = False,
) -> None:
    """Move one delivery from the spool to a file; the audit reports it as a dead letter forever."""
    from pipelines.diagnostics.spool_listing import remove, render_dead_letter
    from pipelines.host.output import emit

    found = remove(read_settings(), delivery_id, file, reason=reason, now=datetime.now(UTC))
    emit(found, render_dead_letter(found, file), as_json=as_json)
