"""Any sender that follows Standard Webhooks: type and payload, nothing else is known."""

from pipelines.contracts.contract import Provider

PROVIDER = Provider(name="standard_webhooks", event_type=("type",), event_id=None, organization=None)
