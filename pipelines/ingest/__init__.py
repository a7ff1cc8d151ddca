"""Topic -> batch: positions, identities, outcomes. No database."""
