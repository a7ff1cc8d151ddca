# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands that erase a person, or data older than its retention."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def erase(
    email: Annotated[str | None, typer.Option(help="Everyone with this address.")] = None,
    candidate: Annotated[
        str | None, typer.Option(help="The candidate with this id, yours or the provider's.")
    ] = None,
    conversation: Annotated[str | None, typer.Option(help="Only this conversation.")] = None,
    organization: Annotated[str | None, typer.Option(help="Only in this organization.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be erased; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase however many records there are.")] = False,
    verify: Annotated[Path | None, typer.Option(help="Check the signature of a receipt instead.")] = None,
    as_json: AsJson = False,
) -> int:
    """Redact a person in all stored data; 1 when nobody is found or something could not be redacted."""
    from pipelines.admin.erasure.erase_command import plan_erase, render, render_plan, request_of, run_erase
    from pipelines.admin.erasure.finalize import ErasureContext, verify_receipt
    from pipelines.host.output import emit

    settings = read_settings()
    if verify is not None:
        valid = verify_receipt(settings, verify)
        emit(
            {"valid": valid},
            "OK    the receipt is as it was signed"
            if valid
            else "FAIL  the receipt was changed, or another key signed it",
            as_json=as_json,
        )
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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how much would be redacted; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Redact data older than the retention of its source; Dagster does it every day."""
    from pipelines.admin.erasure.erase_command import render
    from pipelines.admin.erasure.finalize import ErasureContext
    from pipelines.admin.erasure.retention import count_expired, render_due, run_retention
    from pipelines.host.output import emit

    settings, how = read_settings(), ErasureContext(getuser())
    due = count_expired(settings, how.clock())
    receipt = None if dry_run else run_retention(settings, how)
    if receipt is None:
        emit(due, render_due(due), as_json=as_json)
        return 0
    emit(receipt, render(receipt), as_json=as_json)
    return 0 if receipt.clean else 1
