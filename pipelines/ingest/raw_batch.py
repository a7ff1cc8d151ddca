"""Records as they came from the topic: parallel columns, because a batch holds tens of thousands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message

from receiver.envelope import HEADER_NAMES


def _no_headers() -> dict[str, list[bytes | None]]:
    return {name: [] for name in HEADER_NAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBatch:
    """Records of one topic in the order they were read."""

    topic: str
    topic_id: str
    partitions: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: dict[str, list[bytes | None]] = field(default_factory=_no_headers)
    """Values of every header of the envelope by its name, parallel to `bodies`; None where it is missing."""
    ends: dict[int, int] = field(default_factory=dict)
    """By partition the end of the topic when it was read, where that is known."""

    def __len__(self) -> int:
        return len(self.bodies)

    def extend(self, messages: Sequence[Message]) -> None:
        """Append messages. One without a value is an empty body, which the decoder rejects."""
        columns = list(self.headers.items())
        for message in messages:
            headers: dict[str, Any] = dict(message.headers() or ())
            self.partitions.append(message.partition() or 0)
            self.offsets.append(message.offset() or 0)
            self.bodies.append(message.value() or b"")
            for name, column in columns:
                column.append(headers.get(name))
