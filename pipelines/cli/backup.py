# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
# ruff: noqa: PLR0917 - typer fills in the parameters by name
"""Commands that back up, restore or export stored data, or compare it with a provider's export."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app
from pipelines.cli.options import AsJson, read_settings


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")], as_json: AsJson = False
) -> None:
    """Copy lake, spool, unverified deliveries and settings into a folder, while everything runs."""
    from pipelines.admin.backup.backup_command import render, run_backup
    from pipelines.host.output import emit, say

    made = run_backup(read_settings(), folder, now=datetime.now(UTC), say=say)
    emit(made, render(made, folder), as_json=as_json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `backup` wrote.")], as_json: AsJson = False
) -> None:
    """Restore a backup into an empty HIRESTREAM_HOME."""
    from pipelines.admin.backup.restore_command import render, run_restore
    from pipelines.host.output import emit, say

    settings = read_settings()
    found = run_restore(settings, folder, say=say)
    emit(found, render(found, settings.home), as_json=as_json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    personal: Annotated[bool, typer.Option("--personal", help="Include the columns about persons.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write entities, marts, ledger and events as plain Parquet files with a manifest."""
    from pipelines.host.output import emit
    from pipelines.serving.export_command import render, run_export

    made = run_export(read_settings(), folder, personal=personal, now=datetime.now(UTC))
    emit(made, render(made, folder), as_json=as_json)


@app.command()
def reconcile(
    file: Annotated[Path, typer.Argument(help="The provider's export: CSV or JSON.")],
    source: Annotated[str, typer.Option(help="The source that receives its webhooks.")],
    organization: Annotated[str | None, typer.Option(help="Compare only this organization.")] = None,
    id_column: Annotated[str | None, typer.Option(help="The export's column of conversation ids.")] = None,
    status_column: Annotated[str | None, typer.Option(help="The export's column of statuses.")] = None,
    as_json: AsJson = False,
) -> int:
    """Compare a provider's list of conversations with the lake; 1 when one is missing or differs."""
    from pipelines.diagnostics.reconcile.export_parser import ExportColumns, read_export
    from pipelines.diagnostics.reconcile.reconcile import render, run_reconcile
    from pipelines.errors import UsageError
    from pipelines.host.output import emit

    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    try:
        listed = read_export(content, ExportColumns(id_column, status_column))
    except UsageError as error:
        raise UsageError(f"{file.name}: {error}") from None
    found = run_reconcile(read_settings(), listed, source, organization)
    emit(found, render(found), as_json=as_json)
    return 0 if found.ok else 1
