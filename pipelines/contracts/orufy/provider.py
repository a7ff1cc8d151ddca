"""Orufy as a provider, and the one shape that its documents are brought into.

No event id and no event time is documented, and no example shows what stands next to `meetData` and what
stands in it, so both places are read.
"""

from typing import Any

from pipelines.contracts.base import ProviderContract
from pipelines.contracts.orufy.meeting import OrufyMeeting

_OF_THE_MEETING = frozenset(OrufyMeeting.__struct_encode_fields__)


def normalize(document: object) -> object:
    """Fields of the meeting that stand next to it are put into it, and an empty object becomes none.

    A field that has a value in both places stays where it is, and so becomes an extra.
    """
    if not isinstance(document, dict):
        return document
    meeting = document.get("meetData", {})
    if not isinstance(meeting, dict):
        return document
    within, beside = dict(meeting), {}
    for name, value in document.items():
        if name in _OF_THE_MEETING and within.get(name) in (None, {}):
            within[name] = value
        else:
            beside[name] = value
    return {**beside, "meetData": {name: _filled(value) for name, value in within.items()}}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return _without_empty(value) or None if isinstance(value, dict) else value


def _without_empty(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: None if value == {} else value for name, value in item.items()}


PROVIDER = ProviderContract(
    name="orufy",
    event_type=("eventType",),
    event_id=None,
    organization=("meetData", "appId"),
    flattened=frozenset({"meeting"}),
    needs_organization=False,
    normalize=normalize,
)
