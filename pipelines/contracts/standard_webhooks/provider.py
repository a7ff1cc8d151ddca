"""Standard Webhooks as a provider.

Each source is a sender of its own: message ids of two of them have nothing to do with each other.
"""

from pipelines.contracts.base import ProviderContract

PROVIDER = ProviderContract(
    name="standard_webhooks",
    event_type=("type",),
    event_id=None,
    organization=None,
    clocks=(("timestamp",),),
    needs_type=False,
    needs_organization=False,
    one_sender=False,
)
