"""`hirestream simulate`: writes simulated deliveries and their truth to files, or posts to a receiver."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.simulate.delivery.http_sender import Sign, send_all
from pipelines.simulate.files import write_simulation, write_truth
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.simulate.world.endpoints import ENDPOINTS, ORUFY, POPP, POPP_SECOND, Endpoint

CONCURRENCY = 64
PROVIDERS = tuple(dict.fromkeys(endpoint.provider for endpoint in ENDPOINTS))


@dataclass(frozen=True, slots=True)
class Target:
    """Receiver to post to, its sources, how to sign for them, and the file to write the truth to.

    `names` maps each simulated source that takes part to the configured source. `sign_with` returns the
    signer for a configured source.
    """

    url: str
    names: Mapping[str, str]
    sign_with: Callable[[str], Sign]
    truth: Path | None = None


def providers_of(text: str | None) -> tuple[str, ...] | None:
    """Parse an option with comma-separated providers; None without it.

    Raises `UsageError` for an unknown provider.
    """
    if text is None:
        return None
    named = tuple(name.strip() for name in text.split(","))
    if unknown := set(named) - set(PROVIDERS):
        raise UsageError(f"no provider {sorted(unknown)[0]!r}; there are {', '.join(PROVIDERS)}")
    return named


def route(
    settings: Settings, popp: str, providers: Collection[str] | None
) -> tuple[dict[str, str], list[str]]:
    """Return `(names, notes)`: the configured source by simulated source, and a sentence per omitted source.

    `popp` is the name of the configured source of Popp. Without `providers`, all configured sources are used.
    Raises `UsageError` when the source of Popp or of a provider in `providers` is missing.
    """
    wanted = [each for each in ENDPOINTS if providers is None or each.provider in providers]
    names = {each: popp if each is POPP else each.source for each in wanted}
    missing = [each for each in wanted if not _configured(settings, names[each], each.provider)]
    needed = [each for each in missing if each is POPP or (providers and each is not POPP_SECOND)]
    if needed:
        raise UsageError("; ".join(_hint(each, names[each]) for each in needed))
    taking_part = {each.source: name for each, name in names.items() if each not in missing}
    return taking_part, [f"left out: {_hint(each, names[each])}" for each in missing]


def simulate_into(
    settings: Settings,
    seed: int,
    journeys: int,
    now: datetime,
    folder: Path,
    *,
    providers: Collection[str] = (POPP.provider,),
) -> dict[str, Any]:
    """Write deliveries and truth into `folder`; return counts and file paths by name.

    Raises `UsageError` when the folder cannot be written to, or when `providers` has Orufy: its events
    have no time and count on the day they are sent, so they cannot be written to a file.
    """
    if ORUFY.provider in providers:
        raise UsageError("events of orufy have no time of their own, so they cannot be filed; use --send")
    sources = [endpoint.source for endpoint in ENDPOINTS if endpoint.provider in providers]
    hours = settings.models.conversation_timeout_hours
    simulation = simulate(
        seed, journeys, now, settings.report.time_zone, sources=sources, timeout_hours=hours
    )
    try:
        deliveries, truth = write_simulation(simulation, folder)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from error
    return {**_counts(simulation), "file": str(deliveries), "truth": str(truth)}


def simulate_to(
    settings: Settings, seed: int, journeys: int, now: datetime, target: Target
) -> dict[str, Any]:
    """Post the deliveries to a receiver; return counts by name.

    `refused` has the number of final answers other than 200, by status. Raises `Unavailable` when the
    receiver does not answer, `UsageError` when a source cannot sign.
    """
    signs = {name: target.sign_with(name) for name in target.names.values()}
    time_zone = settings.report.time_zone
    today = now.astimezone(ZoneInfo(time_zone)).date()
    simulation = simulate(
        seed,
        journeys,
        now,
        time_zone,
        legacy_day=today,
        sources=target.names,
        timeout_hours=settings.models.conversation_timeout_hours,
    )
    if target.truth is not None:
        write_truth(simulation.truth, target.truth)
    named = (replace(each, source=target.names[each.source]) for each in simulation.deliveries)
    report = send_all(named, target.url, signs, CONCURRENCY)
    return {
        **_counts(simulation),
        "accepted": report.answered_200,
        "refused": report.other,
        "retries": report.retries,
        "seconds": round(report.seconds, 3),
    }


def _configured(settings: Settings, name: str, provider: str) -> bool:
    source = settings.sources.get(name)
    return source is not None and source.provider == provider


def _hint(endpoint: Endpoint, name: str) -> str:
    prefix = f"HIRESTREAM_SOURCES__{name.upper()}__"
    scheme = f" and {prefix}SCHEME={endpoint.scheme}" if endpoint.scheme else ""
    secret = "whsec_..." if endpoint.provider == "standard_webhooks" else "..."
    return (
        f"no source {name!r} of provider {endpoint.provider} is configured; set "
        f"{prefix}PROVIDER={endpoint.provider}, {prefix}SECRETS=kid:{secret}{scheme}"
    )


def _counts(simulation: Simulation) -> dict[str, int]:
    return {
        "deliveries": len(simulation.deliveries),
        "distinct_events": simulation.distinct_events,
        "duplicates": simulation.duplicates,
        "quarantined": simulation.quarantined,
    }
