"""Running it: the embedded broker, the long-lived loader, everything at once, and how it is."""
