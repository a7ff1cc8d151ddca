"""Events of entities, each with its deliveries. They have ids, types and times only, and no personal data."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import duckdb

from pipelines.lake.sql import sql_literal, sql_literals

Key = tuple[str, str]
"""Key of an entity within one organization: `(provider, entity_id)`."""


@dataclass(frozen=True, slots=True)
class EventEvidence:
    """Event of an entity, with the ids of its deliveries.

    `occurred_at` is business time; `occurred_at_basis` names where that time comes from.
    """

    event_key: str
    event_type: str
    occurred_at: datetime
    occurred_at_basis: str
    delivery_ids: tuple[str, ...]


_COLUMNS = "event_key, event_type, occurred_at, occurred_at_basis"
_MEETINGS = f"""(
  SELECT provider, organization_id, booking_id, {_COLUMNS} FROM wh.staging.stg_meeting_events
  UNION ALL
  SELECT provider, organization_id, booking_id, {_COLUMNS} FROM wh.staging.stg_orufy_events
)"""  # noqa: S608 - our own names
_EVENTS_OF: Mapping[str, str] = MappingProxyType(
    {
        "conversation": f"""
            SELECT provider, conversation_id AS entity_id, {_COLUMNS} FROM wh.staging.stg_conversation_events
            WHERE organization_id = $organization AND conversation_id IN ($ids)
            UNION
            SELECT provider, bookings.conversation_id, {_COLUMNS}
            FROM wh.staging.stg_meeting_events INNER JOIN wh.entities.bookings
            USING (provider, organization_id, booking_id)
            WHERE organization_id = $organization AND bookings.conversation_id IN ($ids)
        """,  # noqa: S608 - our own names
        "booking": f"""
            SELECT provider, logical_booking_id AS entity_id, {_COLUMNS}
            FROM {_MEETINGS} INNER JOIN wh.entities.bookings USING (provider, organization_id, booking_id)
            WHERE organization_id = $organization AND logical_booking_id IN ($ids)
        """,  # noqa: S608 - our own names
        "workflow_run": f"""
            SELECT provider, workflow_run_id AS entity_id, {_COLUMNS} FROM wh.staging.stg_workflow_events
            WHERE organization_id = $organization AND workflow_run_id IN ($ids)
        """,  # noqa: S608 - our own names
        "screening_answer": f"""
            SELECT provider, event_key AS entity_id, {_COLUMNS} FROM wh.staging.stg_conversation_events
            WHERE organization_id = $organization AND event_key IN ($ids)
        """,  # noqa: S608 - our own names
        "requirement_outcome": f"""
            SELECT provider, event_key AS entity_id, {_COLUMNS} FROM wh.staging.stg_candidate_analyses
            WHERE organization_id = $organization AND event_key IN ($ids)
        """,  # noqa: S608 - our own names
    }
)
"""SQL for events by kind of entity. A booking has the events of every booking id that belongs to it."""
_PARTS_OF_EVENTS = ("screening_answer", "requirement_outcome")
"""Kinds of entities whose id is an event key, a slash and a position in the event."""


def events_behind(
    con: duckdb.DuckDBPyConnection, organization: str, entity: str, keys: Sequence[Key]
) -> Mapping[Key, tuple[EventEvidence, ...]]:
    """Return the events of entities of one kind, in the order of business time, by entity key."""
    wanted = {key: (key[0], _id_in_events(entity, key[1])) for key in keys}
    found = _events(con, organization, entity, {entity_id for _, entity_id in wanted.values()})
    return {key: found.get(in_events, ()) for key, in_events in wanted.items()}


def _id_in_events(entity: str, entity_id: str) -> str:
    return entity_id.rpartition("/")[0] if entity in _PARTS_OF_EVENTS else entity_id


def _events(
    con: duckdb.DuckDBPyConnection, organization: str, entity: str, ids: set[str]
) -> Mapping[Key, tuple[EventEvidence, ...]]:
    if not ids:
        return {}
    sql = (
        _EVENTS_OF[entity]
        .replace("$organization", sql_literal(organization))
        .replace("$ids", sql_literals(sorted(ids)))
    )
    rows = con.execute(f"{sql} ORDER BY occurred_at, event_key").fetchall()
    deliveries = _deliveries(con, {row[2] for row in rows})
    found: dict[Key, list[EventEvidence]] = defaultdict(list)
    for provider, entity_id, event_key, event_type, occurred_at, basis in rows:
        event = EventEvidence(event_key, event_type, occurred_at, basis, deliveries.get(event_key, ()))
        found[provider, entity_id].append(event)
    return {key: tuple(events) for key, events in found.items()}


def _deliveries(con: duckdb.DuckDBPyConnection, event_keys: set[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of all deliveries, also repeated ones, by event key, in the order of receipt."""
    if not event_keys:
        return {}
    rows = con.execute(
        f"""
        SELECT event_key, list(delivery_id ORDER BY received_at, delivery_id) FROM wh.ledger.deliveries
        WHERE event_key IN ({sql_literals(sorted(event_keys))}) GROUP BY event_key
        """  # noqa: S608 - quoted
    ).fetchall()
    return {event_key: tuple(ids) for event_key, ids in rows}
