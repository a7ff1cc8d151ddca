"""Orufy as a provider, and the one shape that its documents are brought into.

Neither an event id nor an event time is documented. No example shows which fields are inside `meetData` and
which are next to it, so both places are read.
"""

from typing import Any

from pipelines.contracts.base import ProviderContract
from pipelines.contracts.orufy.meeting import OrufyMeeting

_OF_THE_MEETING = frozenset(OrufyMeeting.__struct_encode_fields__)


def normalize(document: object) -> object:
    """Move the meeting's fields that are next to `meetData` into it, and replace empty objects by null.

    A field that has a value in both places is not moved, so it becomes an extra.
    """
    if not isinstance(document, dict):
        return document
    meeting = document.get("meetData", {})
    if not isinstance(meeting, dict):
        return document
    within, outside = dict(meeting), {}
    for name, value in document.items():
        if name in _OF_THE_MEETING and within.get(name) in (None, {}):
            within[name] = value
        else:
            outside[name] = value
    return {**outside, "meetData": {name: _filled(value) for name, value in within.items()}}


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
