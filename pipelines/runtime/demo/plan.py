"""Plan of a demo: traffic and sources, stored in the home folder so that a second start reuses the data."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.simulate.world.endpoints import ENDPOINTS, POPP, Endpoint
from receiver.atomic_files import atomic_write
from receiver.settings import PREFIX, SourceSettings


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Parameters of a demo; equal plans give equal deliveries.

    `sent` is the number of accepted deliveries, None until all were accepted.
    """

    seed: int
    journeys: int
    until: datetime
    legacy_day: date
    sent: int | None = None


def load_plan(settings: Settings, plan: DemoPlan) -> DemoPlan:
    """Return the plan stored in this home, else store and return `plan`.

    Raises `UsageError` when the home holds other data, or a demo with another seed or number of journeys.
    """
    file = _plan_file(settings)
    if not file.exists():
        if settings.warehouse.exists():
            raise UsageError(
                f"{settings.home} holds data of something else; choose an empty HIRESTREAM_HOME for the demo"
            )
        save_plan(settings, plan)
        return plan
    found = msgspec.json.decode(file.read_bytes(), type=DemoPlan)
    if (found.seed, found.journeys) != (plan.seed, plan.journeys):
        raise UsageError(
            f"{settings.home} has a demo of --seed {found.seed} --journeys {found.journeys}; give these, "
            "or empty it with `make clean`"
        )
    return found


def save_plan(settings: Settings, plan: DemoPlan) -> None:
    """Write the plan into the home folder atomically."""
    settings.home.mkdir(parents=True, exist_ok=True)
    atomic_write(_plan_file(settings), msgspec.json.encode(plan))


def demo_sources(settings: Settings, environment: Mapping[str, str]) -> tuple[Settings, Mapping[str, str]]:
    """Return `(settings, environment)` with one source for each simulated sender, for this demo only.

    Missing secrets are created in the home folder. `environment` has the same sources for child processes.
    """
    prefix = f"{PREFIX}SOURCES__"
    process_environment = {name: value for name, value in environment.items() if not name.startswith(prefix)}
    sources = {}
    for endpoint in ENDPOINTS:
        fields = _source_fields(settings, endpoint)
        sources[endpoint.source] = SourceSettings.model_validate(fields)
        process_environment |= {
            f"{prefix}{endpoint.source.upper()}__{name.upper()}": text for name, text in fields.items()
        }
    return settings.model_copy(update={"sources": sources}), process_environment


def _source_fields(settings: Settings, endpoint: Endpoint) -> dict[str, str]:
    """Settings of the source for `endpoint`, as strings by field name; creates its secret."""
    file = settings.home / ("demo-secrets" if endpoint is POPP else f"demo-secrets-{endpoint.source}")
    _make_secret(file, "whsec_" if endpoint.provider == "standard_webhooks" else "")
    fields = {"provider": endpoint.provider, "secrets_file": str(file)}
    if endpoint.organizations:
        fields["organizations"] = ",".join(endpoint.organizations)
    return {**fields, "scheme": endpoint.scheme} if endpoint.scheme else fields


def _make_secret(file: Path, prefix: str) -> None:
    """Write a random secret unless the file exists, atomically and readable by its owner only.

    The hex digits are also valid base64, which Standard Webhooks requires.
    """
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, f"demo:{prefix}{secrets.token_hex(32)}\n".encode(), mode=0o600)


def _plan_file(settings: Settings) -> Path:
    return settings.home / "demo.json"
