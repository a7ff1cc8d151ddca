"""Writers of the webhook bodies for the events of simulated journeys."""
