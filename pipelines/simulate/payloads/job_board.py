"""Webhook events of a simulated job board: Standard Webhooks, without a contract, with ids in a header."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.simulate.journeys.people import draw_person
from pipelines.simulate.payloads.events import SimulatedEvent
from pipelines.simulate.payloads.payload import Data, instant
from pipelines.simulate.world.endpoints import JOB_BOARD
from pipelines.simulate.world.rng import SeededRandom

NEXT = (("application.withdrawn", 2.0), ("application.moved", 5.0), (None, 3.0))
STAGES = ("screening", "entrevista", "面接")


def job_board_events(dice: SeededRandom, tag: str, count: int, span: timedelta) -> Iterator[SimulatedEvent]:
    """Yield the events of `count` applications, drawn from the period `span` before the end."""
    for number in range(count):
        at = dice.end - timedelta(milliseconds=int(dice.rng.random() * span.total_seconds() * 1000))
        application = f"app_{tag}{number:04x}"
        who = draw_person(dice, f"{tag}s{number:04x}")
        candidate: Data = {"name": f"{who.first_name} {who.last_name}", "email": who.email}
        yield _event("application.received", application, at, {"candidate": candidate, "job": "job_7"})
        following = dice.weighted(NEXT)
        moved_at = dice.unless_after_end(dice.after(at, 0.1, 90))
        if following and moved_at:
            yield _event(following, application, moved_at, {"stage": dice.pick(STAGES)})


def _event(event_type: str, application: str, at: datetime, data: Data) -> SimulatedEvent:
    document = {"type": event_type, "timestamp": instant(at), "data": {"id": application, **data}}
    message_id = f"msg_{event_type.partition('.')[2]}_{application}"
    return SimulatedEvent(event_type, at, document, endpoint=JOB_BOARD, message_id=message_id)
