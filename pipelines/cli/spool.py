# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands about what waits for Kafka on this machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings

FEW = 20
spool = typer.Typer(
    help="What waits for Kafka on this machine, and what Kafka never takes.", rich_markup_mode=None
)
app.add_typer(spool, name="spool", invoke_without_command=True)


@spool.callback()
def spool_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Deliveries in the spool, and dead letters; without a subcommand, `list`."""
    if context.invoked_subcommand is None:
        spool_list(limit=FEW, as_json=as_json)


@spool.command("list")
def spool_list(
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = FEW, as_json: AsJson = False
) -> None:
    """List what waits: first what Kafka refuses by itself, with its error, then the oldest."""
    from pipelines.diagnostics.spool_listing import waiting_table
    from pipelines.host.output import emit_rows

    emit_rows(waiting_table(read_settings(), limit), as_json=as_json)


@spool.command("taken-out")
def spool_taken_out(as_json: AsJson = False) -> None:
    """List what was ever taken out, by its sha256, and why."""
    from pipelines.diagnostics.spool_listing import taken_out_table
    from pipelines.host.output import emit_rows

    emit_rows(taken_out_table(read_settings()), as_json=as_json)


@spool.command("take-out")
def spool_take_out(
    delivery_id: Annotated[str, typer.Argument(help="The delivery, by its id.")],
    file: Annotated[Path, typer.Argument(help="A new file for its body, byte for byte.")],
    reason: Annotated[str, typer.Option(help="Why, kept forever; no personal data.")],
    as_json: AsJson = False,
) -> None:
    """Put one delivery into a file and take it out of the spool; the audit tells of it forever."""
    from pipelines.diagnostics.spool_listing import render_taken_out, take_out
    from pipelines.host.output import emit

    found = take_out(read_settings(), delivery_id, file, reason=reason, now=datetime.now(UTC))
    emit(found, render_taken_out(found, file), as_json=as_json)
