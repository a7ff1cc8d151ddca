"""One outcome per record: loaded, duplicate or quarantined. First by topic position wins."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.decode.decoder import Decoded, DecodeFailure, UntypedEvent

Outcome = Literal["loaded", "duplicate", "quarantined"]

SAME_EVENT = "same_event"
SAME_DELIVERY = "same_delivery"
BODY_DIFFERS = "body_differs"
NO_CONTRACT = "no_contract"


Delivery = tuple[str, str]
"""A delivery id and the hash of its body: equal where one delivery was written to the topic twice."""


@dataclass(frozen=True, slots=True)
class FirstDelivery:
    """The delivery that made an event known."""

    delivery_id: str | None
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Parallel to the records of a batch; `loaded` are the indices of what goes to the event tables."""

    outcomes: list[Outcome]
    reasons: list[str | None]
    loaded: list[int]


def decide(
    batch: DecodedBatch, earlier: Mapping[str, FirstDelivery], quarantined: Set[Delivery] | None = frozenset()
) -> Outcomes:
    """The outcome of every record, given what the ledger says of the event keys it has already loaded, and
    which of the deliveries are in quarantine already; None for records that are there themselves."""
    known, refused = dict(earlier), set(quarantined or ())
    outcomes: list[Outcome] = []
    reasons: list[str | None] = []
    loaded: list[int] = []
    deliveries = batch.envelopes["delivery_id"].to_list()
    for index, (found, body_sha256) in enumerate(zip(batch.decoded, batch.body_sha256, strict=True)):
        key, delivery_id = found.identity.event_key, deliveries[index]
        first = known.get(key) if key is not None else None
        if first is not None:
            outcomes.append("duplicate")
            reasons.append(_why_duplicate(first, delivery_id, body_sha256))
        elif isinstance(found, DecodeFailure) or key is None:
            again = (delivery_id, body_sha256) in refused
            outcomes.append("duplicate" if again else "quarantined")
            reasons.append(SAME_DELIVERY if again else _why_quarantined(found))
            if quarantined is not None and delivery_id is not None:
                refused.add((delivery_id, body_sha256))
        else:
            outcomes.append("loaded")
            reasons.append(NO_CONTRACT if isinstance(found, UntypedEvent) else None)
            loaded.append(index)
            known[key] = FirstDelivery(delivery_id, body_sha256)
    return Outcomes(outcomes, reasons, loaded)


def rejected(batch: DecodedBatch) -> dict[str, datetime]:
    """The deliveries that are no event by themselves, by id when each was received, if they say both."""
    said = batch.envelopes.select("delivery_id", "received_at").iter_rows()
    return {
        delivery_id: received_at
        for (delivery_id, received_at), found in zip(said, batch.decoded, strict=True)
        if _is_refused(found) and delivery_id is not None and received_at is not None
    }


def _is_refused(found: Decoded) -> bool:
    return isinstance(found, DecodeFailure) or found.identity.event_key is None


def _why_quarantined(found: Decoded) -> str:
    return found.stage if isinstance(found, DecodeFailure) else "identity"


def _why_duplicate(first: FirstDelivery, delivery_id: str | None, body_sha256: str) -> str:
    if first.body_sha256 != body_sha256:
        return BODY_DIFFERS
    return SAME_DELIVERY if first.delivery_id == delivery_id else SAME_EVENT
