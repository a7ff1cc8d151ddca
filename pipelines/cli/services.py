# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Commands that run the whole system or one of its processes."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import DEFAULT_JOURNEYS, DEFAULT_SEED, AsJson, Journeys, Seed, read_settings
from pipelines.cli.source_signer import sign_of

NoDagster = Annotated[bool, typer.Option("--no-dagster", help="Without Dagster.")]


@app.command()
def up(no_dagster: NoDagster = False) -> None:
    """Run everything until Ctrl-C: Kafka, receiver, loader, Dagster."""
    from pipelines.host.output import say
    from pipelines.runtime.up_command import Components, run_up

    run_up(read_settings(), Components(dagster=not no_dagster), say)


@app.command()
def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the table; 1 when a number is wrong.")
    ] = False,
    journeys: Journeys = DEFAULT_JOURNEYS,
    seed: Seed = DEFAULT_SEED,
    no_dagster: NoDagster = False,
    as_json: AsJson = False,
) -> int:
    """Run everything with simulated traffic, and show the numbers next to the truth."""
    from pipelines.host.output import emit, say
    from pipelines.runtime.demo.demo_command import run_demo
    from pipelines.runtime.demo.plan import DemoPlan
    from pipelines.runtime.demo.results import render
    from pipelines.runtime.up_command import Components

    now = datetime.now(UTC)
    results = run_demo(
        read_settings(),
        DemoPlan(seed, journeys, until=now, legacy_day=now.date()),
        Components(dagster=not no_dagster),
        sign_with=sign_of,
        say=say,
        show=lambda results: emit(results, render(results), as_json=as_json),
        stay=not leave,
    )
    return 1 if results.differences else 0


@app.command()
def broker() -> None:
    """Run the embedded Kafka alone until Ctrl-C."""
    from pipelines.host.output import say
    from pipelines.runtime.up_command import run_broker

    run_broker(read_settings(), say)


@app.command()
def receiver() -> None:
    """Run the HTTP receiver until SIGTERM or Ctrl-C."""
    from pipelines.errors import Unavailable
    from pipelines.ingest.topic_startup import prepare_topic
    from receiver.server import ServerError, check, serve

    settings = read_settings()
    check(settings)
    prepare = prepare_topic(settings)
    try:
        serve(settings, prepare)
    except ServerError as error:
        raise Unavailable(str(error)) from error


@app.command()
def stream(
    until_caught_up: Annotated[
        bool, typer.Option(help="End when everything on the topic is loaded.")
    ] = False,
    accept_rejects: Annotated[
        bool, typer.Option(help="Continue however many records go to quarantine.")
    ] = False,
    accept_loss: Annotated[
        bool, typer.Option(help="Continue past records that the topic no longer has.")
    ] = False,
) -> None:
    """Load from the topic in micro-batches and build the models, until SIGTERM or Ctrl-C."""
    from pipelines.load.session import LoadPolicy
    from pipelines.runtime.stream.stream import run_stream

    run_stream(read_settings(), LoadPolicy(accept_rejects, accept_loss), until_caught_up=until_caught_up)
