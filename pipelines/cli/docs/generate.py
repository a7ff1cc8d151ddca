"""Generated files: the reference pages, and the dbt files that follow from the contracts."""

from collections.abc import Mapping
from pathlib import Path

from pipelines.cli.docs.contracts_page import PAGE, contract_page
from pipelines.cli.docs.reference_pages import reference_pages
from pipelines.errors import HirestreamError
from pipelines.transform.generated_sources import GENERATED


def generated_documents() -> dict[Path, str]:
    """Return the text of every generated file by path."""
    models = {file: render() for file, render in GENERATED.items()}
    return {PAGE: contract_page(), **reference_pages(), **models}


def write_docs(wanted: Mapping[Path, str] | None = None, *, check: bool = False) -> list[Path]:
    """Write the generated files that are outdated, and return their paths.

    `wanted` is the text by file, by default that of all generated files. With `check` nothing is written;
    raises `HirestreamError` with the names of the outdated files.
    """
    wanted = generated_documents() if wanted is None else wanted
    changed = [file for file, text in wanted.items() if not file.exists() or file.read_text("utf-8") != text]
    if changed and check:
        names = ", ".join(file.name for file in changed)
        raise HirestreamError(f"not up to date: {names}; run `make format`")
    for file in changed:
        file.write_text(wanted[file], "utf-8")
    return changed
