# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""The command line: one thin function a command. What is wrong is one line on stderr and an exit code."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

contracts_app = typer.Typer(help="Event types: list them, compare a payload with one.", rich_markup_mode=None)
app.add_typer(contracts_app, name="contracts")

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
    from pipelines.operate.output import hand_over, say
    from pipelines.operate.results import render
    from pipelines.operate.up import Parts

    now = datetime.now(UTC)
    results = run_demo(
        _settings(),
        Plan(seed, journeys, until=now, legacy_day=now.date()),
        Parts(dagster=not no_dagster),
        sign_with=_sign,
        say=say,
        show=lambda results: hand_over(results, render(results), as_json=as_json),
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
    from pipelines.operate.receiving import prepare_topic
    from receiver.server import ServerError, check, serve

    settings = _settings()
    check(settings)
    prepare = prepare_topic(settings)
    try:
        serve(settings, prepare)
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
    source: Annotated[str, typer.Option(help="With --send: the source that stands for Popp.")] = "popp",
    providers: Annotated[
        str | None,
        typer.Option(help="popp,orufy,standard_webhooks; by default those configured, with --out popp."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make candidate journeys with known truth, as files or as signed webhooks."""
    from pipelines.errors import UsageError
    from pipelines.operate.output import hand_over, say
    from pipelines.operate.simulation import Target, providers_of, route, simulate_into, simulate_to

    settings = _settings()
    if (out is None) == (send_to is None):
        raise UsageError("give exactly one of --out and --send")
    now, wanted = datetime.now(UTC), providers_of(providers)
    if out is not None:
        made = simulate_into(settings, seed, journeys, now, out, providers=wanted or ("popp",))
    else:
        names, left_out = route(settings, source, wanted)
        for sentence in left_out:
            say(sentence)
        target = Target(str(send_to), names, lambda name: _sign(settings, name), truth)
        made = simulate_to(settings, seed, journeys, now, target)
    hand_over(made, "\n".join(f"{name}: {value}" for name, value in made.items()), as_json=as_json)
    return 1 if made.get("refused") else 0


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="The body, sent byte for byte.")],
    source: Annotated[str, typer.Option(help="The source whose secret signs.")],
    url: Annotated[str | None, typer.Option(help="The receiver; this installation's by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Sign the bytes of a file as a source would, and post them."""
    from pipelines.operate.output import hand_over
    from pipelines.operate.up import receiver_address
    from pipelines.simulate.files import send_file

    settings = _settings()
    sent = send_file(file, url or receiver_address(settings), source, _sign(settings, source))
    answer = 200 if sent.answered_200 else next(iter(sent.other))
    delivery_id = next(iter(sent.delivery_ids), None)
    document = {"status": answer, "delivery_id": delivery_id}
    hand_over(document, f"{answer} {delivery_id or ''}".strip(), as_json=as_json)
    return 0 if answer == 200 else 1


@app.command()
def status(as_json: AsJson = False) -> int:
    """Say how every part is doing; 1 when something is wrong."""
    from pipelines.operate.output import hand_over
    from pipelines.operate.status import read_status, render

    found = read_status(_settings())
    hand_over(found, render(found), as_json=as_json)
    return 1 if found.problems else 0


@app.command()
def doctor(as_json: AsJson = False) -> int:
    """Check what this machine has and lacks; 1 when something is missing."""
    from pipelines.operate.doctor import examine, render
    from pipelines.operate.output import hand_over

    findings = examine(_settings())
    hand_over(findings, render(findings), as_json=as_json)
    return 0 if all(finding.ok for finding in findings) else 1


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; schemas are those of the lake.")],
    as_json: AsJson = False,
) -> None:
    """Run SQL over the lake, read-only."""
    from pipelines.operate.output import hand_over_rows
    from pipelines.warehouse.readers import query as run_query

    hand_over_rows(run_query(_settings(), sql), as_json=as_json)


@app.command()
def audit(as_json: AsJson = False) -> int:
    """Prove the ledger against itself, the tables and the topic; 1 when it does not hold."""
    from pipelines.operate.auditing import render, run_audit
    from pipelines.operate.output import hand_over

    found = run_audit(_settings())
    document = {"ok": found.ok, "totals": found.totals, "spool": found.spool, "findings": found.findings}
    hand_over(document, render(found), as_json=as_json)
    return 0 if found.ok else 1


@app.command()
def quarantine(
    each: Annotated[bool, typer.Option("--each", help="One line a record instead of one a reason.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --each: the newest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Count what could not be decoded by reason, or list it; never its content."""
    from pipelines.operate.listings import quarantine_groups, quarantined
    from pipelines.operate.output import hand_over_rows

    settings = _settings()
    found = quarantined(settings, limit) if each else quarantine_groups(settings)
    hand_over_rows(found, as_json=as_json)


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
    done = run_reload(_settings(), wanted)
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

    settings = _settings()
    wanted = of_event_type(settings, event_type)
    done = run_reload(settings, wanted)
    hand_over(done, render(done, wanted), as_json=as_json)
    return 1 if done.refused else 0


@app.command()
def report(as_json: AsJson = False) -> None:
    """Write today's report as one HTML page, and say where; with --json its numbers instead."""
    from pipelines.operate.output import show, show_json
    from pipelines.reports.as_json import report_as_json
    from pipelines.reports.read import read_report
    from pipelines.reports.write import write_report
    from pipelines.warehouse.readers import open_for_reading

    settings, now = _settings(), datetime.now(UTC)
    with open_for_reading(settings) as con:
        if as_json:
            show_json(report_as_json(read_report(con, now, settings.report.time_zone)))
        else:
            show(str(write_report(settings, con, now)))


@contracts_app.callback(invoke_without_command=True)
def contracts(context: typer.Context, as_json: AsJson = False) -> None:
    """List the event types that are known, with their tables."""
    from pipelines.operate.listings import known_contracts
    from pipelines.operate.output import hand_over_rows

    if context.invoked_subcommand is None:
        hand_over_rows(known_contracts(), as_json=as_json)


@contracts_app.command()
def diff(
    file: Annotated[Path, typer.Argument(help="A captured body.")],
    provider: Annotated[str | None, typer.Option(help="Whose; found by the event type if left out.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say how a captured payload differs from its contract; 1 when it holds something else."""
    from pipelines.operate.listings import differences_of
    from pipelines.operate.output import hand_over_rows

    found = differences_of(file, provider)
    hand_over_rows(found, as_json=as_json)
    return 1 if any(row[1] != "absent" for row in found.rows) else 0


secrets = typer.Typer(help="Which secrets verify, how a sender signs, what is held.", rich_markup_mode=None)
app.add_typer(secrets, name="secrets", invoke_without_command=True)
OfSource = Annotated[str | None, typer.Option("--source", help="This source alone.")]


@secrets.callback()
def secrets_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """Which secrets verify, how a sender signs, what is held; alone it is `list`."""
    if context.invoked_subcommand is None:
        secrets_list(as_json=as_json)


@secrets.command("list")
def secrets_list(as_json: AsJson = False) -> None:
    """List the key ids of every source, with how often and when each last verified."""
    from pipelines.operate.output import hand_over_rows
    from pipelines.operate.secrets import secrets_table
    from receiver.sources import keys

    settings = _settings()
    hand_over_rows(secrets_table(keys(settings), settings), as_json=as_json)


@secrets.command("match")
def secrets_match(
    capture: Annotated[Path | None, typer.Argument(help="A captured request: JSON, or raw HTTP.")] = None,
    held: Annotated[str | None, typer.Option(help="Try what is held of this source instead.")] = None,
    source: OfSource = None,
    as_json: AsJson = False,
) -> int:
    """Find how a captured request was signed, as the setting to paste; 1 when nothing explains it."""
    from pipelines.errors import UsageError
    from pipelines.operate.capture import read_capture
    from pipelines.operate.output import hand_over
    from pipelines.operate.secrets import match_capture, match_held, matches_document, render_matches

    if (capture is None) == (held is None):
        raise UsageError("give exactly one of a capture file and --held")
    if held is not None and source is not None:
        raise UsageError("--held names the source already; leave --source out")
    settings = _settings()
    if capture is not None:
        found = match_capture(settings, read_capture(capture), source)
    else:
        found = match_held(settings, str(held))
    hand_over(matches_document(found), render_matches(found), as_json=as_json)
    return 0 if found.matches else 1


@secrets.command("release")
def secrets_release(source: OfSource = None, as_json: AsJson = False) -> None:
    """Verify again what is held, and hand what proves authentic to Kafka."""
    from pipelines.errors import Unavailable
    from pipelines.ingest.topic import ensure_topic
    from pipelines.operate.output import hand_over
    from receiver.publish import NotConfirmed
    from receiver.release import release_held

    settings = _settings()
    ensure_topic(settings.kafka)
    try:
        released = release_held(settings, source)
    except NotConfirmed as error:
        raise Unavailable(f"Kafka did not confirm: {error}; what it took is released, do it again") from error
    lines = [f"{one.source}: {one.released} released, {one.still_held} still held" for one in released]
    hand_over(released, "\n".join(lines) or "nothing is held", as_json=as_json)


@secrets.command("discard")
def secrets_discard(
    source: Annotated[str, typer.Option("--source", help="The source.")], as_json: AsJson = False
) -> None:
    """Delete what is held of one source and does not verify now."""
    from pipelines.operate.output import hand_over
    from receiver.release import discard_held

    deleted = discard_held(_settings(), source)
    hand_over({"source": source, "deleted": deleted}, f"{source}: {deleted} deleted", as_json=as_json)


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
    """Run one command; returns the exit code."""
    from pipelines.operate.exits import exit_code_of
    from pipelines.operate.logs import configure_logging

    configure_logging()
    command = typer.main.get_command(app)
    return exit_code_of(lambda: command.main(list(arguments), prog_name="hirestream", standalone_mode=False))


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
    from pipelines.simulate.faults import Delivery
    from pipelines.simulate.send import signer
    from receiver.sources import sources

    source = sources(settings).get(name)
    if source is None:
        raise UsageError(f"there is no source {name!r}; configured are {', '.join(settings.sources)}")
    for secret in source.secrets.values():
        sign = signer(source.scheme, secret, lambda: str(uuid4()), lambda: datetime.now(UTC))
        try:
            sign(Delivery(b"", ""))
        except ValueError:  # a public key verifies and cannot sign
            continue
        return sign
    raise UsageError(f"no secret of source {name!r} can sign; {source.scheme} needs one that can")


if __name__ == "__main__":
    main()
