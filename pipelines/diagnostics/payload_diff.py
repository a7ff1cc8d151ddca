"""Differences between a captured payload and its contract, without any value of the payload."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from pipelines.contracts.base import Contract, ProviderContract, walk
from pipelines.contracts.registry import contracts, providers
from pipelines.decode.validation import kind_of, problems_of, set_aside_guesses, split_extras
from pipelines.flatten.derived_tables import ContractTables, tables_of

Kind = Literal["refused", "misfit", "unknown", "absent"]


class NoContract(ValueError):
    """Raised when no contract fits a payload; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference at one path of the payload.

    Kinds: `refused` would be quarantined, `misfit` does not fit a guess and becomes an extra, `unknown` is a
    field that the contract does not name, `absent` a field of the contract that the payload lacks.
    """

    path: str
    kind: Kind
    detail: str


def contract_of(body: bytes, provider: str | None) -> tuple[Contract, Any]:
    """Return `(contract, normalized payload)`. Raises `NoContract` when no contract fits."""
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoContract(f"not JSON: {str(error).splitlines()[0]}") from None
    if not isinstance(parsed, dict):
        raise NoContract(f"expected an object, got {kind_of(parsed)}")
    possible = [p for p in providers().values() if provider in (None, p.name)]
    if not possible:
        raise NoContract(f"there is no provider {provider!r}; there are {', '.join(sorted(providers()))}")
    found = [pair for each in possible if (pair := _contract_in(each, parsed))]
    if not found:
        raise NoContract(_no_contract_message(possible, parsed))
    return found[0]


def differences(body: bytes, provider: str | None = None) -> list[Difference]:
    """Return every difference, worst first, with array indexes as []. Raises `NoContract`."""
    contract, normalized = contract_of(body, provider)
    known, extras = split_extras(normalized, contract.document)
    fitting, aside = set_aside_guesses(known, extras, normalized, contract.document)
    misfits = {path: value for path, value in (aside or {}).items() if path not in (extras or {})}
    found = [Difference(p.path, "refused", p.problem) for p in problems_of(fitting, contract.document)]
    found += [Difference(path, "misfit", f"is {kind_of(value)}") for path, value in misfits.items()]
    found += [Difference(path, "unknown", f"is {kind_of(value)}") for path, value in (extras or {}).items()]
    tables = tables_of(contract.provider.name, contract.event_type)
    present = set(_paths(normalized, "$"))
    found += [
        Difference(path, "absent", detail) for path, detail in _contract_paths(tables) if path not in present
    ]
    return list({(_without_indexes(d.path), d.kind): _with_general_path(d) for d in found}.values())


def _contract_in(provider: ProviderContract, parsed: object) -> tuple[Contract, Any] | None:
    normalized = provider.normalize(parsed)
    found = contracts().get((provider.name, str(walk(normalized, provider.event_type))))
    return (found, normalized) if found else None


def _no_contract_message(possible: list[ProviderContract], parsed: object) -> str:
    seen = [walk(provider.normalize(parsed), provider.event_type) for provider in possible]
    names = sorted(each for each in seen if isinstance(each, str) and each.isidentifier())
    if not names:
        return "it names no event type where a provider would; name the provider with --provider"
    return f"no contract for {', '.join(names)}; write one: see CONTRIBUTING.md"


def _contract_paths(tables: ContractTables) -> Iterator[tuple[str, str]]:
    for table in (tables.event, *tables.children):
        for column in table.columns:
            yield column.json_path, "required" if column.required else "optional"


def _paths(value: object, path: str) -> Iterator[str]:
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{path}[]")


def _without_indexes(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _with_general_path(difference: Difference) -> Difference:
    return Difference(_without_indexes(difference.path), difference.kind, difference.detail)
