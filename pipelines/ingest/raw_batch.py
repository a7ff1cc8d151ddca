"""Records as they came from the topic: parallel columns, because a batch holds tens of thousands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records of one topic in the order they were read. A header that is missing is None."""

    topic: str
    topic_id: str
    partitions: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    delivery_ids: list[bytes | None] = field(default_factory=list)
    sources: list[bytes | None] = field(default_factory=list)
    providers: list[bytes | None] = field(default_factory=list)
    received_at: list[bytes | None] = field(default_factory=list)
    versions: list[bytes | None] = field(default_factory=list)
    key_ids: list[bytes | None] = field(default_factory=list)
    message_ids: list[bytes | None] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    """By partition the end of the topic when it was read, where that is known."""

    def __len__(self) -> int:
        return len(self.bodies)

    def extend(self, messages: Sequence[Message]) -> None:
        """Append messages. One without a value is an empty body, which the decoder rejects."""
        for message in messages:
            headers: dict[str, Any] = dict(message.headers() or ())
            self.partitions.append(message.partition() or 0)
            self.offsets.append(message.offset() or 0)
            self.bodies.append(message.value() or b"")
            self.delivery_ids.append(headers.get("delivery_id"))
            self.sources.append(headers.get("source"))
            self.providers.append(headers.get("provider"))
            self.received_at.append(headers.get("received_at"))
            self.versions.append(headers.get("envelope_version"))
            self.key_ids.append(headers.get("key_id"))
            self.message_ids.append(headers.get("message_id"))
