"""An envelope as an item of the spool, and back. Pure."""

import json

from receiver.envelope import TEXT_HEADERS, DeliveryEnvelope
from receiver.spool.sqlite_queue import QueueItem

_COLUMNS = {"delivery_id", "source", "received_at", "body"}
"""Fields that an item of the queue has of its own; the note has the others."""

_NOTED = tuple(name for name in TEXT_HEADERS if name not in _COLUMNS)


def to_item(envelope: DeliveryEnvelope) -> QueueItem:
    """The delivery with all that its record on the topic will say."""
    note = {name: getattr(envelope, name) for name in _NOTED} | {"key": envelope.key.decode("latin-1")}
    return QueueItem(
        envelope.delivery_id, envelope.source, envelope.received_at, envelope.body, json.dumps(note).encode()
    )


def to_envelope(item: QueueItem) -> DeliveryEnvelope:
    """The same delivery: its own id and time of receipt, not those of the drain. Raises `ValueError`."""
    note = json.loads(item.note)
    return DeliveryEnvelope(
        delivery_id=item.delivery_id,
        source=item.source,
        received_at=item.received_at,
        body=item.body,
        key=note.pop("key").encode("latin-1"),
        **{name: note.get(name) for name in _NOTED},
    )
