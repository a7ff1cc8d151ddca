"""Provider definition of Standard Webhooks.

Each source is another sender: equal message ids of two sources are different messages.
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
