"""Rules of the providers: one module with a `PROVIDER` for each. Imports only `signatures`."""
