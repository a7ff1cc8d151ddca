"""Lists that the command line shows."""

from pipelines.contracts.registry import contracts
from pipelines.settings import Settings
from pipelines.warehouse.readers import Answer, query


def quarantined(settings: Settings, limit: int) -> Answer:
    """The newest rejects with position and reason, without their content. Raises `Unavailable`."""
    return query(
        settings,
        f"""
        SELECT received_at, source, event_type, stage, reason, topic, partition, "offset", delivery_id
        FROM quarantine.records ORDER BY received_at DESC, partition, "offset" LIMIT {limit:d}
        """,  # noqa: S608 - a number
    )


def known_contracts() -> Answer:
    """Every event type with a contract."""
    columns = ["provider", "event_type", "version", "table", "entity", "description"]
    rows = [
        [provider, event_type, c.version, f"events.{c.table}", c.entity, c.description]
        for (provider, event_type), c in sorted(contracts().items())
    ]
    return Answer(columns, rows)
