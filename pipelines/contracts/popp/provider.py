"""Provider definition of Popp AI: the paths of the common fields in its documents."""

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
