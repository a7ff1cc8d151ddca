"""Generated documents: the reference pages, and what dbt knows of the contracts."""

from collections.abc import Mapping
from pathlib import Path

from pipelines.cli.docs.contracts_page import PAGE, contract_page
from pipelines.cli.docs.reference_pages import reference_pages
from pipelines.errors import HirestreamError
from pipelines.transform.generated_sources import GENERATED


def generated_documents() -> dict[Path, str]:
    """The text of every generated file."""
    models = {file: render() for file, render in GENERATED.items()}
    return {PAGE: contract_page(), **reference_pages(), **models}


def write_docs(wanted: Mapping[Path, str] | None = None, *, check: bool = False) -> list[Path]:
    """Bring generated files up to date; returns the files that changed.

    With `check` nothing is written. Raises `HirestreamError` naming the files that are not up to date.
    """
    wanted = generated_documents() if wanted is None else wanted
    changed = [file for file, text in wanted.items() if not file.exists() or file.read_text("utf-8") != text]
    if changed and check:
        names = ", ".join(file.name for file in changed)
        raise HirestreamError(f"not up to date: {names}; run `make format`")
    for file in changed:
        file.write_text(wanted[file], "utf-8")
    return changed
