# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Command-line options that several commands share, and reading of the settings."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Only this source.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same journeys.")]
Journeys = Annotated[int, typer.Option(min=1, help="Number of candidate journeys.")]
DEFAULT_SEED, DEFAULT_JOURNEYS = 1, 3_000


def read_settings() -> "Settings":
    """Read the settings of this process. Raises `SettingsError` when a setting is invalid."""
    from pipelines.settings import Settings

    return Settings.read()
