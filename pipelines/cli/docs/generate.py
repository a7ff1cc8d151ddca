"""What is generated: settings in the README, the contract page, and what dbt knows of the contracts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipelines.cli.docs.contracts_page import PAGE, contract_page
from pipelines.errors import HirestreamError
from pipelines.settings import Settings
from pipelines.transform.generated_sources import GENERATED
from receiver.settings import PREFIX, PROJECT, SourceSettings

README = PROJECT / "README.md"


def write_docs(readme: Path = README, page: Path = PAGE, *, check: bool = False) -> list[Path]:
    """Bring the generated parts up to date; returns the files that changed.

    With `check` nothing is written; raises `HirestreamError` naming the files that are not up to date.
    """
    wanted = {readme: between(readme.read_text(), "settings", settings_table()), page: contract_page()}
    wanted |= {file: render() for file, render in GENERATED.items()}
    changed = [file for file, text in wanted.items() if not file.exists() or file.read_text() != text]
    if changed and check:
        names = ", ".join(file.name for file in changed)
        raise HirestreamError(f"not up to date: {names}; run `make format`")
    for file in changed:
        file.write_text(wanted[file])
    return changed


def between(text: str, name: str, body: str) -> str:
    """`text` with `body` between the markers of `name`. Raises `HirestreamError` without the markers."""
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    head, found, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise HirestreamError(f"the markers {start} and {end} are missing; put them where the table belongs")
    return f"{head}{start}\n{body}{end}{tail}"


def settings_table() -> str:
    """Every setting with its default and meaning, as Markdown."""
    rows = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in _rows(Settings, PREFIX)]
    return "\n".join(["| Setting | Default | Meaning |", "|---|---|---|", *rows, ""])


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, info in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if info.annotation == dict[str, SourceSettings]:
            yield from _rows(SourceSettings, f"{variable}__<NAME>__")
        elif isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _rows(info.annotation, f"{variable}__")
        else:
            starred = f"{variable}__*" if _is_mapping(info) else variable
            yield starred, _default(info), (info.description or "").replace("|", "\\|")


def _is_mapping(info: FieldInfo) -> bool:
    return getattr(info.annotation, "__origin__", None) is dict


def _default(info: FieldInfo) -> str:
    value: Any = info.default
    if info.is_required():
        return "required"
    if value in (None, PydanticUndefined) or isinstance(value, SecretStr):
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT)}`" if value.is_relative_to(PROJECT) else f"`{value}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
