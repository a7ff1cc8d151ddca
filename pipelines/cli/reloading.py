# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands that decode again what the lake keeps."""

from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def replay(
    delivery_id: Annotated[str | None, typer.Option("--id", help="One delivery.")] = None,
    reason: Annotated[str | None, typer.Option(help="Part of the reason or of its field's path.")] = None,
    event_type: Annotated[str | None, typer.Option(help="One event type.")] = None,
    source: Annotated[str | None, typer.Option(help="One source.")] = None,
    since: Annotated[str | None, typer.Option(help="Received at or after this time, ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option(help="Received before this time, ISO 8601.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Without any filter.")] = False,
    as_json: AsJson = False,
) -> int:
    """Decode quarantined records again; what can be read now is loaded once. 1 when some stay."""
    from pipelines.errors import UsageError
    from pipelines.operate.output import hand_over
    from pipelines.operate.reloading import Filters, instant, quarantined_records, render, run_reload

    filters = Filters(delivery_id, reason, event_type, source, instant(since), instant(until))
    if (filters == Filters()) != everything:
        raise UsageError("give a filter such as --event-type, or --all for everything in quarantine")
    wanted = quarantined_records(filters)
    done = run_reload(read_settings(), wanted)
    hand_over(done, render(done, wanted), as_json=as_json)
    return 1 if done.refused else 0


@app.command()
def rebuild(
    event_type: Annotated[str, typer.Option(help="The event type whose contract is new or has changed.")],
    as_json: AsJson = False,
) -> int:
    """Decode the loaded events of a type again, into the tables of its contract. 1 when some stay."""
    from pipelines.operate.output import hand_over
    from pipelines.operate.reloading import of_event_type, render, run_reload

    settings = read_settings()
    wanted = of_event_type(settings, event_type)
    done = run_reload(settings, wanted)
    hand_over(done, render(done, wanted), as_json=as_json)
    return 1 if done.refused else 0
