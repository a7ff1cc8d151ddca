"""Any sender that follows Standard Webhooks; its events need no contract to be kept and counted."""
