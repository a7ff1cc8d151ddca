"""One outcome per record: loaded, duplicate or quarantined. First by topic position wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.flatten.batch import DecodedBatch
from pipelines.flatten.decode import Generic, Rejected

Outcome = Literal["loaded", "duplicate", "quarantined"]

SAME_EVENT = "same_event"
SAME_DELIVERY = "same_delivery"
BODY_DIFFERS = "body_differs"
NO_CONTRACT = "no_contract"


@dataclass(frozen=True, slots=True)
class First:
    """The delivery that made an event known."""

    delivery_id: str | None
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Parallel to the records of a batch; `loaded` are the indices of what goes to the event tables."""

    outcomes: list[Outcome]
    reasons: list[str | None]
    loaded: list[int]


def decide(batch: DecodedBatch, earlier: Mapping[str, First]) -> Decided:
    """The outcome of every record, given what the ledger says of the event keys it has already loaded."""
    known = dict(earlier)
    outcomes: list[Outcome] = []
    reasons: list[str | None] = []
    loaded: list[int] = []
    deliveries = batch.envelopes["delivery_id"].to_list()
    for index, (found, body_sha256) in enumerate(zip(batch.decoded, batch.body_sha256, strict=True)):
        key = found.identity.event_key
        first = known.get(key) if key is not None else None
        if first is not None:
            outcomes.append("duplicate")
            reasons.append(_why_duplicate(first, deliveries[index], body_sha256))
        elif isinstance(found, Rejected) or key is None:
            outcomes.append("quarantined")
            reasons.append(found.stage if isinstance(found, Rejected) else "identity")
        else:
            outcomes.append("loaded")
            reasons.append(NO_CONTRACT if isinstance(found, Generic) else None)
            loaded.append(index)
            known[key] = First(deliveries[index], body_sha256)
    return Decided(outcomes, reasons, loaded)


def _why_duplicate(first: First, delivery_id: str | None, body_sha256: str) -> str:
    if first.body_sha256 != body_sha256:
        return BODY_DIFFERS
    return SAME_DELIVERY if first.delivery_id == delivery_id else SAME_EVENT
