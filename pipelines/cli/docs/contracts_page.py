"""The contract page: every event with its fields, as Markdown. Generated, and compared in `make check`."""

from collections.abc import Iterator

from pipelines.contracts.base import Contract
from pipelines.contracts.registry import contracts, providers
from pipelines.flatten.derived_tables import Column, Table, tables_of
from pipelines.lake.schema import sql_type
from receiver.settings import PROJECT

PAGE = PROJECT / "CONTRACTS.md"

_HEAD = """# Contracts

What each event may hold and where it is found afterwards. Generated from `pipelines/contracts` by
`hirestream docs`; change a contract instead. Names of columns are those of the table in the schema `events`.

- **required**: without it the delivery goes to quarantine. Every other field may be absent or null.
- **confidence**: `documented` on the page named, `example` where only an example shows it, `guess` where
  nobody says so. A value that does not fit a guess is kept in `extras`; one that does not fit the others is
  refused, kept in quarantine with its reason, and can be replayed once the contract is mended.
- Fields that no contract names are kept in `extras` and listed in `marts.unknown_fields`. An event type that
  no contract names is kept in `events.generic`.
- Of a name that stands twice in one object the last value counts; the body is kept as it came.
- **personal**: about a person. Never in logs, metrics or reports, and in the published file only with
  `HIRESTREAM_PUBLISH__PERSONAL=true`. `hirestream erase` makes these null, and `extras` too: see ERASURE.md.
"""


def contract_page() -> str:
    """The whole page."""
    lines = [_HEAD, "| Event | Provider | Table | Entity |", "|---|---|---|---|"]
    ordered = sorted(contracts().values(), key=lambda c: (c.provider.name, c.event_type))
    lines += [
        f"| [{c.event_type}](#{c.table}) | {c.provider.name} | `events.{c.table}` | `{c.entity}` |"
        for c in ordered
    ]
    without = sorted(set(providers()) - {c.provider.name for c in ordered})
    lines += [f"| any | {name} | `events.generic` | |" for name in without]
    for contract in ordered:
        lines += ["", *_event(contract)]
    return "\n".join(lines) + "\n"


def _event(contract: Contract) -> Iterator[str]:
    tables = tables_of(contract.provider.name, contract.event_type)
    yield f"## {contract.event_type}"
    yield ""
    yield f"{contract.description} Version {contract.version}."
    yield ""
    yield "| Field | Column | Type | Meaning | Confidence, source |"
    yield "|---|---|---|---|---|"
    for table in (tables.event, *tables.children):
        for column in table.columns:
            yield _row(table, column)


def _row(table: Table, column: Column) -> str:
    name = f"`{column.name}`" if not table.path else f"`{table.name}`.`{column.name}`"
    notes = [note for note, holds in (("required", column.required), ("personal", column.personal)) if holds]
    kind = ", ".join([f"{sql_type(column.dtype)}{' (JSON)' if column.is_json else ''}", *notes])
    meaning, sure = "", ""
    if column.said:
        meaning = column.said.meaning
        sure = ", ".join(part for part in (column.said.confidence, column.said.source) if part)
    return f"| `{column.json_path}` | {name} | {kind} | {meaning} | {sure} |"
