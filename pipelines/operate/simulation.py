"""`hirestream simulate`: journeys with known truth into files, or signed to a receiver."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.simulate.files import write_simulation, write_truth
from pipelines.simulate.journeys import Simulation, simulate
from pipelines.simulate.send import Sign, send_all

CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Target:
    """Where deliveries go, in whose name, and where their truth is written."""

    url: str
    source: str
    sign: Sign
    truth: Path | None = None


def simulate_into(
    settings: Settings, seed: int, journeys: int, now: datetime, folder: Path
) -> dict[str, Any]:
    """Write deliveries and truth; returns the counts and the paths. Raises `UsageError` for a bad folder."""
    simulation = simulate(seed, journeys, now, settings.report.time_zone)
    try:
        deliveries, truth = write_simulation(simulation, folder)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from error
    return {**_counts(simulation), "file": str(deliveries), "truth": str(truth)}


def simulate_to(
    settings: Settings, seed: int, journeys: int, now: datetime, target: Target
) -> dict[str, Any]:
    """Post every delivery; returns the counts, and under `refused` the final answers that were not 200.

    Raises `Unavailable` when nothing answers there.
    """
    simulation = simulate(seed, journeys, now, settings.report.time_zone, now.date())
    if target.truth is not None:
        write_truth(simulation.truth, target.truth)
    report = send_all(simulation.deliveries, target.url, target.source, target.sign, CONCURRENCY)
    return {
        **_counts(simulation),
        "accepted": report.answered_200,
        "refused": report.other,
        "retries": report.retries,
        "seconds": round(report.seconds, 3),
    }


def _counts(simulation: Simulation) -> dict[str, int]:
    return {
        "deliveries": len(simulation.deliveries),
        "distinct_events": simulation.distinct_events,
        "duplicates": simulation.duplicates,
        "quarantined": simulation.quarantined,
    }
