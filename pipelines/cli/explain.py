# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Command `explain`, which lists the events and deliveries behind a number."""

from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="A metric; for a mart, its first metric.")],
    day: Annotated[str, typer.Option(help="The day, such as 2026-11-20.")],
    organization: Annotated[str, typer.Option(help="The organization's id.")],
    basis: Annotated[
        str | None, typer.Option(help="cohort or activity; by default the usual one of the metric.")
    ] = None,
    bucket: Annotated[str | None, typer.Option(help="List only this bucket: numerator, open, ...")] = None,
    campaign: Annotated[
        str | None, typer.Option(help="The id of a campaign, yours or the provider's.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of entities listed.")] = 20,
    as_json: AsJson = False,
) -> int:
    """Show the events and deliveries behind a number; 1 when there is none or it does not add up."""
    from pipelines.diagnostics.explain.explain import explain as find
    from pipelines.diagnostics.explain.explain import parse_question
    from pipelines.diagnostics.explain.text import render
    from pipelines.host.output import emit
    from pipelines.serving.lake_reader import open_for_reading

    wanted = parse_question(metric, day, organization, basis=basis, campaign=campaign)
    with open_for_reading(read_settings()) as con:
        found = find(con, wanted, bucket=bucket, limit=limit)
    emit(found, render(found), as_json=as_json)
    return 1 if found.differences else 0
