"""Documents with a marker in every personal field, so that a test sees where personal data goes."""

from typing import Any

from pipelines.contracts.field_types import Record
from pipelines.contracts.registry import contracts, providers
from pipelines.decode.validation import fields_of

MARKER = "Zoë Markerova"


def marked(provider: str, document: dict[str, Any]) -> Any:
    """The document as its contract has it, with a marker in every personal and in an unknown field."""
    arranged: Any = providers()[provider].normalize(document)
    kind = arranged
    for step in providers()[provider].event_type:
        kind = kind.get(step) if isinstance(kind, dict) else None
    contract = contracts().get((provider, str(kind)))
    return _marked(arranged, contract.document) if contract else {**document, "person": {"name": MARKER}}


def _marked(value: Any, kind: type[Record]) -> Any:
    if not isinstance(value, dict):
        return value
    found = {**value, "unknownField": {"of": [MARKER]}}
    for field in fields_of(kind):
        if field.record and isinstance(value.get(field.name), dict):
            found[field.name] = _marked(value[field.name], field.record)
        elif field.item and isinstance(value.get(field.name), list):
            found[field.name] = [_marked(item, field.item) for item in value[field.name]]
        elif field.personal:
            found[field.name] = MARKER
    return found
