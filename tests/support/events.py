"""Small bodies to load."""

import json
from typing import Any


def queued(number: int | str, **changes: Any) -> bytes:
    """A CONVERSATION_QUEUED with this event id."""
    data = {"recordId": f"c-{number}", "organizationId": "o-1", **changes}
    return json.dumps({"event": "CONVERSATION_QUEUED", "eventId": f"e-{number}", "data": data}).encode()


BROKEN = b'{"event": "CONVERSATION_QUEUED", "eventId": '
"""Not JSON."""
