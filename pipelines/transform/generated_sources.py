"""dbt files generated from the contracts: the sources with descriptions, and the columns of each table.

Both files are committed. `hirestream docs` regenerates them; `hirestream docs --check` fails on a difference.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pipelines.contracts.registry import contracts
from pipelines.errors import UsageError
from pipelines.flatten.derived_tables import Column, Table, tables_of
from pipelines.lake.schema import sql_type
from pipelines.lake.schema_docs import about_column

MODELS = Path(__file__).parents[2] / "models"
"""Folder of the dbt project."""
SOURCES_FILE = MODELS / "staging" / "_sources.yml"
TABLES_FILE = MODELS / "macros" / "lake_tables.sql"

_GENERATED = "Generated from the contracts by `hirestream docs`; change a contract instead."
_LEDGER = {
    "ledger": {
        "deliveries": "One row per Kafka record: what became of each delivery.",
        "batches": "One row per commit of the loader.",
    },
    "quarantine": {"records": "What could not be decoded, with its bytes and every reason."},
}


def render_sources() -> str:
    """Render `models/staging/_sources.yml`: tables that models read, described, with Dagster asset keys."""
    lines = [f"# {_GENERATED}", "sources:"]
    for schema, tables in _LEDGER.items():
        lines += _schema(schema)
        for name, description in tables.items():
            lines += _table(schema, name, description)
    lines += _schema("events")
    lines += _table("events", "generic", "Events of a type without a contract, as JSON text.")
    for table, description in _event_tables():
        lines += _table("events", table.name, description, table.columns)
    return "\n".join(lines) + "\n"


def render_tables() -> str:
    """Render `models/macros/lake_tables.sql`: contract columns of every event table, for the union views."""
    lines = [f"{{# {_GENERATED} #}}", "{% macro lake_tables() %}", "  {{ return({"]
    for table, _ in _event_tables(children=False):
        columns = {column.name: sql_type(column.dtype) for column in table.columns}
        lines.append(f"    {json.dumps(table.name)}: {json.dumps(columns)},")
    return "\n".join([*lines, "  }) }}", "{% endmacro %}"]) + "\n"


GENERATED: Mapping[Path, Callable[[], str]] = MappingProxyType(
    {SOURCES_FILE: render_sources, TABLES_FILE: render_tables}
)
"""Generated files of the dbt project, each with the function that renders it."""


def find_outdated() -> list[Path]:
    """Return the generated files that are missing or differ from the contracts."""
    return [f for f, render in GENERATED.items() if not f.exists() or f.read_text("utf-8") != render()]


def check_generated() -> None:
    """Raise `UsageError` when generated files do not match the contracts; models would leave rows out."""
    if files := find_outdated():
        names = ", ".join(file.name for file in files)
        raise UsageError(f"the models do not know every contract ({names}); run `hirestream docs` first")


def regenerate() -> list[Path]:
    """Write the outdated generated files; returns the files written."""
    changed = find_outdated()
    for file in changed:
        file.write_text(GENERATED[file](), "utf-8")
    return changed


def _event_tables(*, children: bool = True) -> Iterator[tuple[Table, str]]:
    for contract in sorted(contracts().values(), key=lambda contract: contract.table):
        tables = tables_of(contract.provider.name, contract.event_type)
        yield tables.event, contract.description
        for child in tables.children if children else ():
            yield child, f"One row per entry of {child.path[-1]} of {contract.event_type}."


def _schema(name: str) -> Iterator[str]:
    yield f"  - name: {name}"
    yield "    database: wh"
    yield f"    schema: {name}"
    yield "    tables:"


def _table(schema: str, name: str, description: str, columns: tuple[Column, ...] = ()) -> Iterator[str]:
    yield f"      - name: {name}"
    yield f"        description: {json.dumps(description)}"
    yield f'        config: {{meta: {{dagster: {{asset_key: ["{schema}", "{name}"]}}}}}}'
    if columns:
        yield "        columns:"
    for column in columns:
        about = about_column(column) + ("; personal" if column.personal else "")
        yield f"          - {{name: {column.name}, description: {json.dumps(about)}}}"
