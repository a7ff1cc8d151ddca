"""Commands that check or change stored data: audit, backup, erasure and reprocessing."""
