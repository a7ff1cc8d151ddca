"""Provider definition of Orufy, and the normalization of its documents.

Neither an event id nor an event time is documented. No example shows which fields are inside `meetData` and
which are next to it, so both places are read.
"""

from typing import Any

from pipelines.contracts.base import ProviderContract
from pipelines.contracts.orufy.meeting import OrufyMeeting

_MEETING_FIELDS = frozenset(OrufyMeeting.__struct_encode_fields__)


def normalize(document: object) -> object:
    """Move meeting fields from the top level of a document into `meetData`; replace empty objects by null.

    A field that has a value in both places is not moved, so it becomes an extra.
    """
    if not isinstance(document, dict):
        return document
    meeting = document.get("meetData", {})
    if not isinstance(meeting, dict):
        return document
    meeting_fields, other_fields = dict(meeting), {}
    for name, value in document.items():
        if name in _MEETING_FIELDS and meeting_fields.get(name) in (None, {}):
            meeting_fields[name] = value
        else:
            other_fields[name] = value
    return {
        **other_fields,
        "meetData": {name: _null_if_empty(value) for name, value in meeting_fields.items()},
    }


def _null_if_empty(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_empty_as_null(item) for item in value]
    return _with_empty_as_null(value) or None if isinstance(value, dict) else value


def _with_empty_as_null(item: Any) -> Any:
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
