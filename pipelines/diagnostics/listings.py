"""Lists for the command line: quarantine, contracts, differences of a payload."""

from pathlib import Path

from pipelines.admin.reprocess.replay_command import reason_pattern
from pipelines.contracts.registry import contracts
from pipelines.diagnostics.payload_diff import NoContract, differences
from pipelines.errors import UsageError
from pipelines.host.values import QueryResult
from pipelines.serving.lake_reader import query
from pipelines.settings import Settings


def quarantined(settings: Settings, limit: int) -> QueryResult:
    """List the newest quarantined records with position and reason, without bodies. Raises `Unavailable`."""
    return query(
        settings,
        f"""
        SELECT received_at, source, event_type, stage, reason, topic, partition, "offset", delivery_id
        FROM quarantine.records ORDER BY received_at DESC, partition, "offset" LIMIT {limit:d}
        """,  # noqa: S608 - a number
    )


def quarantine_groups(settings: Settings) -> QueryResult:
    """Count quarantined records by source, event type and reason, most first. Raises `Unavailable`."""
    return query(
        settings,
        f"""
        SELECT source, event_type, stage, {reason_pattern("reason")} AS reason,
            count(*) AS records, min(received_at) AS first, max(received_at) AS last
        FROM quarantine.records GROUP BY ALL ORDER BY records DESC, last DESC
        """,  # noqa: S608 - our own text
    )


def known_contracts() -> QueryResult:
    """List every event type that has a contract."""
    columns = ["provider", "event_type", "version", "table", "entity", "description"]
    rows = [
        [provider, event_type, c.version, f"events.{c.table}", c.entity, c.description]
        for (provider, event_type), c in sorted(contracts().items())
    ]
    return QueryResult(columns, rows)


def differences_of(file: Path, provider: str | None) -> QueryResult:
    """List the differences between the payload in a file and its contract.

    Raises `UsageError` when the file cannot be read or no contract fits.
    """
    try:
        found = differences(file.read_bytes(), provider)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except NoContract as error:
        raise UsageError(f"{file.name}: {error}") from None
    return QueryResult(["path", "difference", "detail"], [[d.path, d.kind, d.detail] for d in found])
