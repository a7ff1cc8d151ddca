"""From a number of a mart to the entities, events and deliveries behind it."""
