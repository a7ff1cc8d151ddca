# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands about secrets, signature schemes and what is held."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings

secrets = typer.Typer(help="Which secrets verify, how a sender signs, what is held.", rich_markup_mode=None)
app.add_typer(secrets, name="secrets", invoke_without_command=True)
OfSource = Annotated[str | None, typer.Option("--source", help="This source alone.")]


@secrets.callback()
def secrets_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Secrets in use, schemes of senders, unverified deliveries; without a subcommand, `list`."""
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
    held: Annotated[str | None, typer.Option(help="Try what is held of this source instead.")] = None,
    source: OfSource = None,
    as_json: AsJson = False,
) -> int:
    """Find how a captured request was signed, as the setting to paste; 1 when nothing explains it."""
    from pipelines.diagnostics.scheme_finder.captured_request import read_capture
    from pipelines.diagnostics.scheme_finder.secrets_report import (
        match_capture,
        match_held,
        matches_document,
        render_matches,
    )
    from pipelines.errors import UsageError
    from pipelines.host.output import emit

    if (capture is None) == (held is None):
        raise UsageError("give exactly one of a capture file and --held")
    if held is not None and source is not None:
        raise UsageError("--held names the source already; leave --source out")
    settings = read_settings()
    if capture is not None:
        found = match_capture(settings, read_capture(capture), source)
    else:
        found = match_held(settings, str(held))
    emit(matches_document(found), render_matches(found), as_json=as_json)
    return 0 if found.matches else 1


@secrets.command("release")
def secrets_release(source: OfSource = None, as_json: AsJson = False) -> None:
    """Verify again what is held, and hand what proves authentic to Kafka."""
    from pipelines.errors import Unavailable
    from pipelines.host.output import emit
    from pipelines.ingest.topic_admin import ensure_topic
    from receiver.kafka.publisher import NotConfirmed
    from receiver.unverified.release import release_held

    settings = read_settings()
    ensure_topic(settings.kafka)
    try:
        released = release_held(settings, source)
    except NotConfirmed as error:
        raise Unavailable(f"Kafka did not confirm: {error}; what it took is released, do it again") from error
    lines = [f"{one.source}: {one.released} released, {one.still_held} still held" for one in released]
    emit(released, "\n".join(lines) or "nothing is held", as_json=as_json)


@secrets.command("discard")
def secrets_discard(
    source: Annotated[str, typer.Option("--source", help="The source.")], as_json: AsJson = False
) -> None:
    """Delete what is held of one source and does not verify now."""
    from pipelines.host.output import emit
    from receiver.unverified.release import discard_held

    deleted = discard_held(read_settings(), source)
    emit({"source": source, "deleted": deleted}, f"{source}: {deleted} deleted", as_json=as_json)
