"""One transaction from a decoded batch to ledger, bodies, event tables, quarantine and offsets."""
