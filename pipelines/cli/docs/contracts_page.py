"""The contract page: every event with its fields, as Markdown. Generated, and compared in `make check`."""

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
    """The whole page."""
    lines = [_HEAD, "| Event | Provider | Table | Entity |", "|---|---|---|---|"]
    ordered = sorted(contracts().values(), key=lambda c: (c.provider.name, c.event_type))
    lines += [
        f"| [{c.event_type}](#{c.table}) | {c.provider.name} | `events.{c.table}` | `{c.entity}` |"
        for c in ordered
    ]
    without = sorted(set(providers()) - {c.provider.name for c in ordered})
    lines += [f"| any | {name} | `events.generic` | |" for name in without]
    for provider in dict.fromkeys(c.provider.name for c in ordered):
        lines += _provider(provider, [c for c in ordered if c.provider.name == provider])
    return "\n".join(lines) + "\n"


def _provider(name: str, of_provider: list[Contract]) -> Iterator[str]:
    """The fields that all events of a provider share, then its families."""
    shared = _common(of_provider)
    yield from ("", f"## Provider {name}", "")
    yield from _table(f"In every event of {name}:", shared)
    for entity in dict.fromkeys(c.entity for c in sorted(of_provider, key=lambda c: c.entity)):
        family = [c for c in of_provider if c.entity == entity]
        of_family = [row for row in _common(family) if row not in shared] if len(family) > 1 else []
        if of_family:
            yield from ("", f"### Events by `{entity}`", "")
            yield from _table(f"In each of these {len(family)} events:", of_family)
        for contract in family:
            yield from ("", f"### {contract.event_type}", "", f'<a id="{contract.table}"></a>')
            yield f"{contract.description} Table `events.{contract.table}`, version {contract.version}."
            own = [row for row in _rows(contract) if row not in (*shared, *of_family)]
            if own:
                yield ""
                yield from _table("Its own fields:", own)


def _common(found: list[Contract]) -> list[str]:
    """The rows that each of the contracts has, in the order of the first."""
    others = [set(_rows(contract)) for contract in found[1:]]
    return [row for row in _rows(found[0]) if all(row in other for other in others)]


def _table(title: str, rows: list[str]) -> Iterator[str]:
    yield from (
        title,
        "",
        "| Field | Column | Type | Meaning | Confidence, source |",
        "|---|---|---|---|---|",
    )
    yield from rows


def _rows(contract: Contract) -> list[str]:
    tables = tables_of(contract.provider.name, contract.event_type)
    return [_row(table, column) for table in (tables.event, *tables.children) for column in table.columns]


def _row(table: Table, column: Column) -> str:
    name = f"`{column.name}`" if not table.path else f"`…__{table.name.rpartition('__')[2]}`.`{column.name}`"
    notes = [note for note, holds in (("required", column.required), ("personal", column.personal)) if holds]
    kind = ", ".join([f"{sql_type(column.dtype)}{' (JSON)' if column.is_json else ''}", *notes])
    meaning, sure = "", ""
    if column.said:
        meaning = column.said.meaning
        sure = ", ".join(part for part in (column.said.confidence, column.said.source) if part)
    return f"| `{column.json_path}` | {name} | {kind} | {meaning} | {sure} |"
