# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands for contracts, and for the documents generated from code."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson

contracts_app = typer.Typer(help="Event types: list them, compare a payload with one.", rich_markup_mode=None)
app.add_typer(contracts_app, name="contracts")


@contracts_app.callback(invoke_without_command=True)
def contracts(context: typer.Context, as_json: AsJson = False) -> None:
    """List the event types that have a contract, with their tables."""
    from pipelines.diagnostics.listings import known_contracts
    from pipelines.host.output import emit_rows

    if context.invoked_subcommand is None:
        emit_rows(known_contracts(), as_json=as_json)


@contracts_app.command()
def diff(
    file: Annotated[Path, typer.Argument(help="A captured body.")],
    provider: Annotated[
        str | None, typer.Option(help="The provider; by default the one that has this event type.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show how a captured payload differs from its contract; 1 when it has unknown or unfit values."""
    from pipelines.diagnostics.listings import differences_of
    from pipelines.host.output import emit_rows

    found = differences_of(file, provider)
    emit_rows(found, as_json=as_json)
    return 1 if any(row[1] != "absent" for row in found.rows) else 0


@app.command()
def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; 1 when a file is not up to date.")
    ] = False,
) -> None:
    """Write the generated parts of the documents."""
    from pipelines.cli.docs.generate import write_docs
    from pipelines.host.output import say

    for file in write_docs(check=check):
        say(f"wrote {file.name}")
