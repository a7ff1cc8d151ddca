"""Read-only answers about the running system: status, doctor, listings, explain, reconcile, scheme finder."""
