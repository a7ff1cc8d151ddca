"""Rendering of an explanation as text for a terminal."""

from collections.abc import Iterator
from typing import Any

from pipelines.diagnostics.explain.explain import ExplainedEntity, Explanation
from pipelines.host.output import table
from pipelines.host.values import to_json_value


def render(found: Explanation) -> str:
    """Render an explanation: the parts, their comparison with the members, every entity with its events."""
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> Iterator[str]:
    scope = f"organization {found.organization_id}"
    scope += f", campaign {found.campaign}" if found.campaign else ""
    yield f"{found.metric} in marts.{found.mart}: {scope}, {found.day}"
    yield ""
    yield table(["part", "as the mart says"], [[name, value] for name, value in found.parts.items()])
    yield ""
    yield table(["bucket", "members"], [[name, count] for name, count in found.members.items()])
    yield ""
    if found.differences:
        yield from (f"NOT EQUAL  {difference}" for difference in found.differences)
    else:
        yield "The members add up to the parts."
    yield f"{len(found.entities)} of {found.matching} shown."
    for entity in found.entities:
        yield ""
        yield from _entity_lines(entity)


def _entity_lines(entity: ExplainedEntity) -> Iterator[str]:
    optional = {"note": entity.note, "value": entity.value, "detail": entity.detail}
    details = "".join(f"  {name}: {value}" for name, value in optional.items() if value is not None)
    title = f"{entity.entity} {entity.entity_id}  {entity.provider}"
    yield f"{entity.bucket}  {title}  {_time_text(entity.counted_at)}{details}"
    for event in entity.events:
        yield f"  {_time_text(event.occurred_at)}  {event.event_type}  ({event.occurred_at_basis})"
        yield f"    event {event.event_key}"
        yield f"    delivered as {', '.join(event.delivery_ids)}"


def _time_text(instant: Any) -> str:
    return str(to_json_value(instant))
