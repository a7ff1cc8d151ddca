"""Generation of `docs/contracts.md`: every event with its fields. `make check` fails when it is outdated."""

from collections.abc import Iterator

from pipelines.contracts.base import Contract
from pipelines.contracts.registry import contracts, providers
from pipelines.flatten.derived_tables import Column, Table, tables_of
from pipelines.lake.schema import sql_type
from receiver.settings import PROJECT

PAGE = PROJECT / "docs" / "contracts.md"

_HEAD = """# Contracts

What each event may hold and where it is found afterwards. Generated from `pipelines/contracts` by
`hirestream docs`; change a contract instead. Names of columns are those of the table in the schema `events`.

- **required**: without it the delivery goes to quarantine. Every other field may be absent or null.
- **confidence**: `documented` on the page named, `example` where only an example shows it, `guess` where
  neither does. A value that does not fit a guess is kept in `extras`. One that does not fit another field
  sends the delivery to quarantine with its reason. It can be replayed once the contract is fixed.
- Fields that all events of a provider or of a family share are listed once, above the events.
- Fields that no contract names are kept in `extras` and listed in `marts.unknown_fields`. An event type that
  no contract names is kept in `events.generic`.
- If a name occurs twice in one object, the last value counts; the body is kept as it came.
- **personal**: about a person. Never in logs, metrics or reports, and in the published file only with
  `HIRESTREAM_PUBLISH__PERSONAL=true`. `hirestream erase` makes these null, and `extras` too: see
  [erasure](erasure.md).
"""


def contract_page() -> str:
    """Return the contract page as Markdown."""
    lines = [_HEAD, "| Event | Provider | Table | Entity |", "|---|---|---|---|"]
    ordered = sorted(contracts().values(), key=lambda c: (c.provider.name, c.event_type))
    lines += [
        f"| [{c.event_type}](#{c.table}) | {c.provider.name} | `events.{c.table}` | `{c.entity}` |"
        for c in ordered
    ]
    without = sorted(set(providers()) - {c.provider.name for c in ordered})
    lines += [f"| any | {name} | `events.generic` | |" for name in without]
    for provider in dict.fromkeys(c.provider.name for c in ordered):
        lines += _provider_section(provider, [c for c in ordered if c.provider.name == provider])
    return "\n".join(lines) + "\n"


def _provider_section(name: str, provider_contracts: list[Contract]) -> Iterator[str]:
    """Yield the lines of a provider: fields that its events share, then its events by family (entity)."""
    shared = _common_rows(provider_contracts)
    yield from ("", f"## Provider {name}", "")
    yield from _table(f"In every event of {name}:", shared)
    for entity in dict.fromkeys(c.entity for c in sorted(provider_contracts, key=lambda c: c.entity)):
        family = [c for c in provider_contracts if c.entity == entity]
        family_rows = [row for row in _common_rows(family) if row not in shared] if len(family) > 1 else []
        if family_rows:
            yield from ("", f"### Events by `{entity}`", "")
            yield from _table(f"In each of these {len(family)} events:", family_rows)
        for contract in family:
            yield from ("", f"### {contract.event_type}", "", f'<a id="{contract.table}"></a>')
            yield f"{contract.description} Table `events.{contract.table}`, version {contract.version}."
            own = [row for row in _field_rows(contract) if row not in (*shared, *family_rows)]
            if own:
                yield ""
                yield from _table("Its own fields:", own)


def _common_rows(family: list[Contract]) -> list[str]:
    """Return the table rows that all contracts have in common, in the order of the first contract."""
    others = [set(_field_rows(contract)) for contract in family[1:]]
    return [row for row in _field_rows(family[0]) if all(row in other for other in others)]


def _table(title: str, rows: list[str]) -> Iterator[str]:
    yield from (
        title,
        "",
        "| Field | Column | Type | Meaning | Confidence, source |",
        "|---|---|---|---|---|",
    )
    yield from rows


def _field_rows(contract: Contract) -> list[str]:
    tables = tables_of(contract.provider.name, contract.event_type)
    with_children = (tables.event, *tables.children)
    return [_field_row(table, column) for table in with_children for column in table.columns]


def _field_row(table: Table, column: Column) -> str:
    name = f"`{column.name}`" if not table.path else f"`…__{table.name.rpartition('__')[2]}`.`{column.name}`"
    notes = [note for note, holds in (("required", column.required), ("personal", column.personal)) if holds]
    kind = ", ".join([f"{sql_type(column.dtype)}{' (JSON)' if column.is_json else ''}", *notes])
    meaning, evidence = "", ""
    if column.said:
        meaning = column.said.meaning
        evidence = ", ".join(part for part in (column.said.confidence, column.said.source) if part)
    return f"| `{column.json_path}` | {name} | {kind} | {meaning} | {evidence} |"
