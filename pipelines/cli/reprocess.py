# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands `replay` and `rebuild`, which decode stored bodies again."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings

if TYPE_CHECKING:
    from pipelines.settings import Settings


@app.command()
def replay(
    delivery_id: Annotated[str | None, typer.Option("--id", help="Only this delivery.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only where this is part of the reason or of the field's path.")
    ] = None,
    event_type: Annotated[str | None, typer.Option(help="Only this event type.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Only received at or after this time, ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option(help="Only received before this time, ISO 8601.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything in quarantine.")] = False,
    as_json: AsJson = False,
) -> int:
    """Decode quarantined records again and load those that fit now; 1 when some stay in quarantine."""
    from pipelines.admin.reprocess.replay_command import (
        ReplayFilters,
        parse_time,
        quarantined_records,
        render,
        run_reload,
    )
    from pipelines.errors import UsageError
    from pipelines.host.output import emit

    filters = ReplayFilters(delivery_id, reason, event_type, source, parse_time(since), parse_time(until))
    if (filters == ReplayFilters()) != everything:
        raise UsageError("give a filter such as --event-type, or --all for everything in quarantine")
    wanted = quarantined_records(filters)
    done = run_reload(read_settings(), wanted)
    emit(done, render(done, wanted), as_json=as_json)
    return 1 if done.refused else 0


@app.command()
def rebuild(
    event_type: Annotated[
        str | None, typer.Option(help="Only this event type, whose contract is new or has changed.")
    ] = None,
    from_topic: Annotated[
        bool, typer.Option(help="Read the bodies from Kafka, which must still have every loaded record.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(help="Write the state as of this time, ISO 8601, to --into."),
    ] = None,
    into: Annotated[Path | None, typer.Option(help="The DuckDB file that --as-of writes.")] = None,
    force: Annotated[bool, typer.Option(help="Replace the file --into.")] = False,
    as_json: AsJson = False,
) -> int:
    """Decode every loaded event again, then build entities and marts. 1 when some no longer decode."""
    from pipelines.errors import UsageError

    settings = read_settings()
    if (as_of is None) != (into is None) or (force and into is None):
        raise UsageError("--as-of and --into go together, and --force with them")
    if sum([event_type is not None, from_topic, as_of is not None]) > 1:
        raise UsageError("--event-type, --from-topic and --as-of exclude each other")
    if as_of is not None and into is not None:
        return _rebuild_as_of(settings, as_of, into, force=force, as_json=as_json)
    if event_type is not None:
        return _rebuild_type(settings, event_type, as_json=as_json)
    return _rebuild_all(settings, from_topic=from_topic, as_json=as_json)


def _rebuild_all(settings: "Settings", *, from_topic: bool, as_json: bool) -> int:
    from pipelines.admin.reprocess.rebuild_command import (
        as_document,
        render_missing,
        render_rebuild,
        run_rebuild,
    )
    from pipelines.admin.reprocess.topic_bodies import NotOnTopic
    from pipelines.host.output import emit, say

    try:
        report = run_rebuild(settings, from_topic=from_topic)
    except NotOnTopic as error:
        say(f"hirestream: {error}")
        emit({"missing": error.missing}, render_missing(error.missing), as_json=as_json)
        return 1
    emit(as_document(report), render_rebuild(report), as_json=as_json)
    return 1 if report.rebuilt.exchanged.refused else 0


def _rebuild_as_of(settings: "Settings", as_of: str, into: Path, *, force: bool, as_json: bool) -> int:
    from pipelines.admin.reprocess.as_of_command import run_as_of
    from pipelines.host.output import emit

    done = run_as_of(settings, as_of, into, force=force, now=dt.datetime.now(dt.UTC))
    emit(done, f"{done.file}: {done.tables} tables as of {done.as_of.isoformat()}", as_json=as_json)
    return 0


def _rebuild_type(settings: "Settings", event_type: str, *, as_json: bool) -> int:
    from pipelines.admin.reprocess.replay_command import loaded_events_of_type, render, run_reload
    from pipelines.host.output import emit

    wanted = loaded_events_of_type(settings, event_type)
    done = run_reload(settings, wanted)
    emit(done, render(done, wanted), as_json=as_json)
    return 1 if done.refused else 0
