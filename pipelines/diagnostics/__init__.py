"""Read-only diagnostics of a running system: status, doctor, listings, explain, reconcile, scheme finder."""
