# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""The command line: one thin function a command. What is wrong is one line on stderr and an exit code."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.simulate.send import Sign

app = typer.Typer(
    name="hirestream",
    help="Recruiting webhooks into numbers a team can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same journeys.")]
Journeys = Annotated[int, typer.Option(min=1, help="How many candidate journeys.")]
NoDagster = Annotated[bool, typer.Option("--no-dagster", help="Leave Dagster out.")]
DEFAULT_SEED, DEFAULT_JOURNEYS = 1, 3_000


@app.command()
def up(no_dagster: NoDagster = False) -> None:
    """Run everything until Ctrl-C: Kafka, receiver, loader, Dagster."""
    from pipelines.operate.output import say
    from pipelines.operate.up import Parts, run_up

    run_up(_settings(), Parts(dagster=not no_dagster), say)


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
    """Run everything with simulated traffic, and show the numbers beside the truth."""
    from pipelines.operate.demo import run_demo
    from pipelines.operate.demo_plan import Plan
    from pipelines.operate.output import say, show, show_json
    from pipelines.operate.results import Results, render
    from pipelines.operate.up import Parts

    def hand_over(results: Results) -> None:
        if as_json:
            show_json(results)
        else:
            show(render(results))

    now = datetime.now(UTC)
    results = run_demo(
        _settings(),
        Plan(seed, journeys, until=now, legacy_day=now.date()),
        Parts(dagster=not no_dagster),
        sign_with=_sign,
        say=say,
        show=hand_over,
        stay=not leave,
    )
    return 1 if results.differences else 0


@app.command()
def broker() -> None:
    """Run the embedded Kafka alone until Ctrl-C."""
    from pipelines.operate.output import say
    from pipelines.operate.up import run_broker

    run_broker(_settings(), say)


@app.command()
def receiver() -> None:
    """Run the HTTP receiver until SIGTERM or Ctrl-C."""
    from pipelines.errors import Unavailable
    from pipelines.ingest.topic import ensure_topic
    from receiver.server import ServerError, check, serve

    settings = _settings()
    check(settings)
    ensure_topic(settings.kafka)
    try:
        serve(settings)
    except ServerError as error:
        raise Unavailable(str(error)) from error


@app.command()
def stream(
    until_caught_up: Annotated[
        bool, typer.Option(help="End when all that is on the topic is loaded.")
    ] = False,
    accept_rejects: Annotated[bool, typer.Option(help="Go on however many records are rejected.")] = False,
    accept_loss: Annotated[bool, typer.Option(help="Go on past records that the topic lost.")] = False,
) -> None:
    """Load from the topic in micro-batches and build the models, until SIGTERM or Ctrl-C."""
    from pipelines.operate.stream import run_stream
    from pipelines.warehouse.loading import Choices

    run_stream(_settings(), Choices(accept_rejects, accept_loss), until_caught_up=until_caught_up)


@app.command()
def simulate(
    seed: Seed = DEFAULT_SEED,
    journeys: Journeys = DEFAULT_JOURNEYS,
    out: Annotated[Path | None, typer.Option(help="Write deliveries and truth into this folder.")] = None,
    send_to: Annotated[str | None, typer.Option("--send", help="Post to the receiver at this URL.")] = None,
    truth: Annotated[Path | None, typer.Option(help="With --send: write the truth to this file.")] = None,
    source: Annotated[str, typer.Option(help="With --send: the source whose secret signs.")] = "popp",
    as_json: AsJson = False,
) -> int:
    """Make candidate journeys with known truth, as files or as signed webhooks."""
    from pipelines.errors import UsageError
    from pipelines.operate.output import show, show_json
    from pipelines.operate.simulation import Target, simulate_into, simulate_to

    settings = _settings()
    if (out is None) == (send_to is None):
        raise UsageError("give exactly one of --out and --send")
    now = datetime.now(UTC)
    if out is not None:
        made = simulate_into(settings, seed, journeys, now, out)
    else:
        target = Target(str(send_to), source, _sign(settings, source), truth)
        made = simulate_to(settings, seed, journeys, now, target)
    show_json(made) if as_json else show("\n".join(f"{name}: {value}" for name, value in made.items()))
    return 1 if made.get("refused") else 0


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="The body, sent byte for byte.")],
    source: Annotated[str, typer.Option(help="The source whose secret signs.")],
    url: Annotated[str | None, typer.Option(help="The receiver; this installation's by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Sign the bytes of a file as a source would, and post them."""
    from pipelines.operate.output import show, show_json
    from pipelines.operate.up import receiver_address
    from pipelines.simulate.files import send_file

    settings = _settings()
    report = send_file(file, url or receiver_address(settings), source, _sign(settings, source))
    status = 200 if report.answered_200 else next(iter(report.other))
    delivery_id = next(iter(report.delivery_ids), None)
    if as_json:
        show_json({"status": status, "delivery_id": delivery_id})
    else:
        show(f"{status} {delivery_id or ''}".strip())
    return 0 if status == 200 else 1


@app.command()
def status(as_json: AsJson = False) -> int:
    """Say how every part is doing; 1 when something is wrong."""
    from pipelines.operate.output import show, show_json
    from pipelines.operate.status import read_status, render

    found = read_status(_settings())
    show_json(found) if as_json else show(render(found))
    return 1 if found.problems else 0


@app.command()
def doctor(as_json: AsJson = False) -> int:
    """Check what this machine has and lacks; 1 when something is missing."""
    from pipelines.operate.doctor import examine
    from pipelines.operate.output import show, show_json

    findings = examine(_settings())
    if as_json:
        show_json(findings)
    else:
        show("\n".join(f"{'ok ' if f.ok else 'NOT'}  {f.check}: {f.detail}" for f in findings))
    return 0 if all(finding.ok for finding in findings) else 1


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; schemas are those of the lake.")],
    as_json: AsJson = False,
) -> None:
    """Run SQL over the lake, read-only."""
    from pipelines.operate.output import show, show_json, table
    from pipelines.warehouse.readers import query as run_query

    answer = run_query(_settings(), sql)
    show_json(answer.records()) if as_json else show(table(answer.columns, answer.rows))


@app.command()
def audit(as_json: AsJson = False) -> int:
    """Prove the ledger against itself, the tables and the topic; 1 when it does not hold."""
    from pipelines.operate.auditing import render, run_audit
    from pipelines.operate.output import show, show_json

    found = run_audit(_settings())
    show_json({"ok": found.ok, "totals": found.totals, "findings": found.findings}) if as_json else show(
        render(found)
    )
    return 0 if found.ok else 1


@app.command()
def quarantine(
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 20, as_json: AsJson = False
) -> None:
    """List what could not be decoded, with position and reason; never its content."""
    from pipelines.operate.listings import quarantined
    from pipelines.operate.output import show, show_json, table

    found = quarantined(_settings(), limit)
    show_json(found.records()) if as_json else show(table(found.columns, found.rows))


@app.command()
def contracts(as_json: AsJson = False) -> None:
    """List the event types that are known, with their tables."""
    from pipelines.operate.listings import known_contracts
    from pipelines.operate.output import show, show_json, table

    found = known_contracts()
    show_json(found.records()) if as_json else show(table(found.columns, found.rows))


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 when not up to date.")] = False,
) -> None:
    """Write the generated parts of the documents."""
    from pipelines.operate.docs import write_docs
    from pipelines.operate.output import say

    for file in write_docs(check=check):
        say(f"wrote {file.name}")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code and raises nothing that was foreseen."""
    from pipelines.errors import HirestreamError
    from pipelines.operate.logs import configure_logging
    from receiver.settings import SettingsError

    configure_logging()
    command = typer.main.get_command(app)
    try:
        result = command.main(args=list(arguments), prog_name="hirestream", standalone_mode=False)
    except (SettingsError, HirestreamError) as error:
        return _complain(str(error), getattr(error, "exit_code", 2))
    except TyperException as error:
        return _misused(error)
    except BrokenPipeError:  # `hirestream query ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(result or 0)


def main() -> None:
    """The console command."""
    sys.exit(run(sys.argv[1:]))


def _settings() -> "Settings":
    from pipelines.settings import Settings

    return Settings.read()


def _sign(settings: "Settings", name: str) -> "Sign":
    """How the sender behind a source signs. Raises `UsageError` for a source that is not configured."""
    from uuid import uuid4

    from pipelines.errors import UsageError
    from pipelines.simulate.send import signer
    from receiver.sources import sources

    source = sources(settings).get(name)
    if source is None:
        raise UsageError(f"there is no source {name!r}; configured are {', '.join(settings.sources)}")
    secret = next(iter(source.secrets.values()))
    return signer(source.scheme, secret, lambda: str(uuid4()), lambda: datetime.now(UTC))


def _misused(error: TyperException) -> int:
    message = getattr(error, "format_message", lambda: str(error))()
    if not message or message.startswith("Usage:"):  # no command was given: that is the help
        sys.stderr.write(f"{message}\n")
        return 2
    return _complain(f"{message} See `hirestream --help`.", 2)


def _complain(message: str, exit_code: int) -> int:
    sys.stderr.write(f"hirestream: {message}\n")
    return exit_code


if __name__ == "__main__":
    main()
