# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Typer application with which the command modules register, and the functions that run it."""

import sys
from collections.abc import Sequence

import typer

app = typer.Typer(
    name="hirestream",
    help="Recruiting webhooks into numbers a team can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str]) -> int:
    """Run one command with the given arguments; returns the exit code."""
    from pipelines.cli.exit_codes import exit_code_of
    from pipelines.cli.logging_setup import configure_logging
    from pipelines.cli.renamed import reject_renamed

    configure_logging()
    command = typer.main.get_command(app)

    def run_command() -> object:
        reject_renamed(arguments)
        return command.main(list(arguments), prog_name="hirestream", standalone_mode=False)

    return exit_code_of(run_command)


def main() -> None:
    """Run the console command `hirestream` with the arguments of the process, and exit."""
    sys.exit(run(sys.argv[1:]))
