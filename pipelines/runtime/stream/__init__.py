"""The long-running loader, and what follows each commit."""
