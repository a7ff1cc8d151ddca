# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""The command that goes from a number to its evidence."""

from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="A metric, or a mart for its first.")],
    day: Annotated[str, typer.Option(help="The day of the cell, as 2026-11-20.")],
    organization: Annotated[str, typer.Option(help="The organization's id.")],
    mart: Annotated[str | None, typer.Option(help="cohort or activity; the usual one if left out.")] = None,
    bucket: Annotated[str | None, typer.Option(help="List these alone: numerator, open, ...")] = None,
    campaign: Annotated[str | None, typer.Option(help="A campaign's id, yours or the provider's.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="List so many at most.")] = 20,
    as_json: AsJson = False,
) -> int:
    """Show what a number was counted from, down to deliveries; 1 when there is none or it does not add up."""
    from pipelines.diagnostics.explain.explain import asked
    from pipelines.diagnostics.explain.explain import explain as find
    from pipelines.diagnostics.explain.text import render
    from pipelines.host.output import emit
    from pipelines.serving.lake_reader import open_for_reading

    wanted = asked(metric, day, organization, mart=mart, campaign=campaign)
    with open_for_reading(read_settings()) as con:
        found = find(con, wanted, bucket=bucket, limit=limit)
    emit(found, render(found), as_json=as_json)
    return 1 if found.differences else 0
