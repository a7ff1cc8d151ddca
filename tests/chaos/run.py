"""Runs a scenario from an empty home to its verdict."""

import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.host.preflight import free_port
from pipelines.settings import Settings
from pipelines.simulate.simulation import bodies
from tests.chaos.client import Traffic
from tests.chaos.scenarios import Scenario
from tests.chaos.world import World
from tests.support.events import BROKEN
from tests.support.settings_for import SECRET, SECRET_KID

PER_SECOND = 60.0
POISON_EVERY = 50
SHUFFLED = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario came to. `wrong` is what must be empty."""

    name: str
    requests: int
    answered: Mapping[int, int]
    slowest_seconds: float
    verdict: Mapping[str, Any]
    wrong: list[str]
    seconds: float


def run(scenario: Scenario, minutes: float, *, models: bool = True) -> Outcome:
    """Everything from an empty home; a stopped broker stays away for `minutes`.

    Without `models` the loader builds none meanwhile.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        with World(
            settings_in(Path(folder) / "home", models=models), Traffic(traffic(), PER_SECOND, scenario.twice)
        ) as world:
            world.minutes = minutes
            world.receiver, world.loader = world.start_receiver(), world.start_loader()
            world.client.start()
            try:
                destroyed = scenario.happens(world) or 0
            finally:
                world.client.finish()
            found = settled(world, scenario)
        return Outcome(
            scenario.name,
            world.client.requests,
            dict(world.client.statuses),
            round(world.client.slowest_seconds, 2),
            found,
            list(wrong(found, destroyed, exact=scenario.exact)),
            round(time.monotonic() - begun, 1),
        )


def settled(world: World, scenario: Scenario) -> Mapping[str, Any]:
    """The verdict once everything that was taken is loaded."""
    world.drained()
    if world.loader.running:
        world.loader.stop()
    done = world.catch_up()
    if done.returncode:
        raise AssertionError(
            f"{scenario.name}: the load ended with {done.returncode}: {done.stderr[-2_000:]}"
        )
    return world.verdict()


def settings_in(home: Path, *, models: bool = True) -> Settings:
    """A broker and a receiver of their own; with or without models."""
    return Settings(
        home=home,
        models={"enabled": models},
        kafka={"port": free_port(), "controller_port": free_port()},
        receiver={"port": free_port(), "confirm_timeout_seconds": 3},
        sources={"popp": {"provider": "popp", "secrets": f"{SECRET_KID}:{SECRET}"}},
    )


def traffic() -> Iterator[bytes]:
    """Webhooks of journeys, somewhat out of order, with poison among them."""
    dice, waiting = random.Random(3), []
    for number, body in zip(count(), bodies(5, 1_000_000), strict=False):
        waiting.append(body)
        if number % POISON_EVERY == 0:
            waiting.append(BROKEN + str(number).encode())
        if len(waiting) > SHUFFLED:
            yield waiting.pop(dice.randrange(len(waiting)))


def wrong(found: Mapping[str, Any], destroyed: int, *, exact: bool) -> Iterator[str]:
    """What is not as promised; of records that Kafka itself lost the audit must count each."""
    if found["doubled"]:
        yield f"{found['doubled']} events counted twice"
    if found["waiting"]:
        yield f"{found['waiting']} records were not loaded"
    if found["loaded"] + found["duplicate"] + found["quarantined"] != found["records"]:
        yield "outcomes do not add up"
    if found["lost"] != destroyed:
        yield f"{found['lost']} answered deliveries are lost, {destroyed} were destroyed"
    counted = found["findings_records"]
    if counted > destroyed or (exact and counted < destroyed) or bool(destroyed) > bool(found["findings"]):
        yield f"audit: {counted} of {destroyed} records: {found['findings'][:3]}"
