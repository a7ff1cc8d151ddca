"""Rules of each provider, a module with a `PROVIDER` for each. Imports only `signatures`."""
