# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands for deliveries whose signature did not verify and that the receiver stores if configured."""

from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, OfSource, read_settings

unverified = typer.Typer(
    help="Stored deliveries whose signature did not verify: list, release, discard.", rich_markup_mode=None
)
app.add_typer(unverified, name="unverified", invoke_without_command=True)


@unverified.callback()
def unverified_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Run `unverified list` when no subcommand is given."""
    if context.invoked_subcommand is None:
        unverified_list(as_json=as_json)


@unverified.command("list")
def unverified_list(as_json: AsJson = False) -> None:
    """Count the unverified deliveries of every source, with the time of the oldest."""
    from pipelines.host.output import emit_rows
    from pipelines.host.values import QueryResult
    from receiver.unverified.store import unverified_totals

    columns = ["source", "deliveries", "size_bytes", "oldest_at"]
    totals = unverified_totals(read_settings())
    rows = [[total.source, total.items, total.size_bytes, total.oldest_at] for total in totals]
    emit_rows(QueryResult(columns, rows), as_json=as_json)


@unverified.command("release")
def unverified_release(source: OfSource = None, as_json: AsJson = False) -> None:
    """Verify unverified deliveries again, and publish the authentic ones to Kafka."""
    from pipelines.errors import Unavailable
    from pipelines.host.output import emit
    from pipelines.ingest.topic_admin import ensure_topic
    from receiver.kafka.publisher import NotConfirmed
    from receiver.unverified.release import run_release

    settings = read_settings()
    ensure_topic(settings.kafka)
    try:
        released = run_release(settings, source)
    except NotConfirmed as error:
        raise Unavailable(
            f"Kafka did not confirm: {error}; those it confirmed are released, run this again for the rest"
        ) from error
    lines = [f"{one.source}: {one.released} released, {one.still_held} still unverified" for one in released]
    emit(released, "\n".join(lines) or "there are no unverified deliveries", as_json=as_json)


@unverified.command("discard")
def unverified_discard(
    source: Annotated[str, typer.Option("--source", help="The source.")], as_json: AsJson = False
) -> None:
    """Delete the deliveries of one source that still do not verify."""
    from pipelines.host.output import emit
    from receiver.unverified.release import run_discard

    deleted = run_discard(read_settings(), source)
    emit({"source": source, "deleted": deleted}, f"{source}: {deleted} deleted", as_json=as_json)
