"""An explanation as text for a terminal."""

from collections.abc import Iterator
from typing import Any

from pipelines.diagnostics.explain.explain import ExplainedEntity, Explanation
from pipelines.host.output import table
from pipelines.host.values import to_json_value


def render(found: Explanation) -> str:
    """The parts, whether the members add up to them, then every entity with its events below it."""
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> Iterator[str]:
    of = f"organization {found.organization_id}"
    of += f", campaign {found.campaign}" if found.campaign else ""
    yield f"{found.metric} in marts.{found.mart}: {of}, {found.day}"
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
        yield from _entity(entity)


def _entity(entity: ExplainedEntity) -> Iterator[str]:
    further = {"note": entity.note, "value": entity.value, "detail": entity.detail}
    told = "".join(f"  {name}: {value}" for name, value in further.items() if value is not None)
    named = f"{entity.entity} {entity.entity_id}  {entity.provider}"
    yield f"{entity.bucket}  {named}  {_at(entity.counted_at)}{told}"
    for event in entity.events:
        yield f"  {_at(event.occurred_at)}  {event.event_type}  ({event.occurred_at_basis})"
        yield f"    event {event.event_key}"
        yield f"    delivered as {', '.join(event.delivery_ids)}"


def _at(instant: Any) -> str:
    return str(to_json_value(instant))
