# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands that forget: a person, and what is too old."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def erase(
    email: Annotated[str | None, typer.Option(help="Whoever has this address.")] = None,
    candidate: Annotated[
        str | None, typer.Option(help="This candidate, by an id of yours or theirs.")
    ] = None,
    conversation: Annotated[str | None, typer.Option(help="This conversation alone.")] = None,
    organization: Annotated[str | None, typer.Option(help="In this organization alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="However many records it is.")] = False,
    verify: Annotated[Path | None, typer.Option(help="Check the signature of a receipt instead.")] = None,
    as_json: AsJson = False,
) -> int:
    """Redact a person in everything that is kept; 1 when nobody is found or something stays."""
    from pipelines.admin.erasure.erase_command import plan_erase, render, render_plan, request_of, run_erase
    from pipelines.admin.erasure.finalize import ErasureContext, verify_receipt
    from pipelines.host.output import emit

    settings = read_settings()
    if verify is not None:
        valid = verify_receipt(settings, verify)
        emit({"valid": valid}, "as it was signed" if valid else "NOT as it was signed", as_json=as_json)
        return 0 if valid else 1
    request = request_of(email, candidate, conversation, organization)
    if dry_run:
        planned = plan_erase(settings, request)
        emit(planned, render_plan(planned), as_json=as_json)
        return 0
    receipt = run_erase(settings, request, ErasureContext(getuser()), sure=yes)
    emit(receipt, render(receipt), as_json=as_json)
    return 0 if receipt.clean else 1


@app.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much is too old.")] = False,
    as_json: AsJson = False,
) -> int:
    """Redact what is older than its source may keep; Dagster does it every day."""
    from pipelines.admin.erasure.erase_command import render
    from pipelines.admin.erasure.finalize import ErasureContext
    from pipelines.admin.erasure.retention import render_due, run_retention, what_is_due
    from pipelines.host.output import emit

    settings, how = read_settings(), ErasureContext(getuser())
    due = what_is_due(settings, how.clock())
    receipt = None if dry_run else run_retention(settings, how)
    if receipt is None:
        emit(due, render_due(due), as_json=as_json)
        return 0
    emit(receipt, render(receipt), as_json=as_json)
    return 0 if receipt.clean else 1
