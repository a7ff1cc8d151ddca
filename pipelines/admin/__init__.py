"""Commands that inspect or change what is stored: audit, reprocess, erasure, backup, diagnostics, docs."""
