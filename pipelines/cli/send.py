# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands `simulate` and `send`, which send webhooks as a provider does."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import DEFAULT_JOURNEYS, DEFAULT_SEED, AsJson, Journeys, Seed, read_settings
from pipelines.cli.source_signer import sign_of


@app.command()
def simulate(
    seed: Seed = DEFAULT_SEED,
    journeys: Journeys = DEFAULT_JOURNEYS,
    out: Annotated[Path | None, typer.Option(help="Write deliveries and truth into this folder.")] = None,
    send_to: Annotated[str | None, typer.Option("--send", help="Post to the receiver at this URL.")] = None,
    truth: Annotated[Path | None, typer.Option(help="With --send: write the truth to this file.")] = None,
    source: Annotated[
        str, typer.Option(help="With --send: the source that receives the deliveries of Popp.")
    ] = "popp",
    providers: Annotated[
        str | None,
        typer.Option(
            help="Any of popp,orufy,standard_webhooks; by default those configured, with --out popp."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Simulate candidate journeys with known truth, as files or as signed webhooks."""
    from pipelines.errors import UsageError
    from pipelines.host.output import emit, say
    from pipelines.simulate.command import Target, providers_of, route, simulate_into, simulate_to

    settings = read_settings()
    if (out is None) == (send_to is None):
        raise UsageError("give exactly one of --out and --send")
    now, wanted = datetime.now(UTC), providers_of(providers)
    if out is not None:
        made = simulate_into(settings, seed, journeys, now, out, providers=wanted or ("popp",))
    else:
        names, left_out = route(settings, source, wanted)
        for sentence in left_out:
            say(sentence)
        target = Target(str(send_to), names, lambda name: sign_of(settings, name), truth)
        made = simulate_to(settings, seed, journeys, now, target)
    emit(made, "\n".join(f"{name}: {value}" for name, value in made.items()), as_json=as_json)
    return 1 if made.get("refused") else 0


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="The body, sent byte for byte.")],
    source: Annotated[str, typer.Option(help="The source whose secret signs.")],
    url: Annotated[str | None, typer.Option(help="The receiver; this installation's by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Sign the bytes of a file as a source would, and post them."""
    from pipelines.host.output import emit
    from pipelines.simulate.files import send_file

    settings = read_settings()
    sent = send_file(file, url or settings.receiver_url, source, sign_of(settings, source))
    answer = 200 if sent.answered_200 else next(iter(sent.other))
    delivery_id = next(iter(sent.delivery_ids), None)
    document = {"status": answer, "delivery_id": delivery_id}
    emit(document, f"{answer} {delivery_id or ''}".strip(), as_json=as_json)
    return 0 if answer == 200 else 1
