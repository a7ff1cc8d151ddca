"""Popp AI as a provider: where its documents have the common fields."""

from pipelines.contracts.base import ProviderContract

PROVIDER = ProviderContract(
    name="popp",
    event_type=("event",),
    event_id=("eventId",),
    organization=("data", "organizationId"),
    clocks=(("data", "timestamp"), ("eventTimestamp",)),
    flattened=frozenset({"data"}),
    placeholders=frozenset({"org_123456", "evt_abc123"}),
)
