"""Plan of a demo: its traffic and sources. It is stored in the home folder, so a second start reuses the
data.
"""

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
    """The same plan gives the same deliveries. `sent` is set once all of them were accepted."""

    seed: int
    journeys: int
    until: datetime
    legacy_day: date
    sent: int | None = None


def load_plan(settings: Settings, plan: DemoPlan) -> DemoPlan:
    """The plan that this home has data of, else `plan`, which is kept before anything is made of it.

    Raises `UsageError` on a home that holds data of something else, or of a demo with other numbers.
    """
    file = _file(settings)
    if not file.exists():
        if settings.warehouse.exists():
            raise UsageError(
                f"{settings.home} holds data of something else; choose an empty HIRESTREAM_HOME for the demo"
            )
        remember(settings, plan)
        return plan
    found = msgspec.json.decode(file.read_bytes(), type=DemoPlan)
    if (found.seed, found.journeys) != (plan.seed, plan.journeys):
        raise UsageError(
            f"{settings.home} has a demo of --seed {found.seed} --journeys {found.journeys}; give these, "
            "or empty it with `make clean`"
        )
    return found


def remember(settings: Settings, plan: DemoPlan) -> None:
    """Keep the plan, atomically."""
    settings.home.mkdir(parents=True, exist_ok=True)
    atomic_write(_file(settings), msgspec.json.encode(plan))


def own_source(settings: Settings, environment: Mapping[str, str]) -> tuple[Settings, Mapping[str, str]]:
    """The settings with a source for every sender, whose secrets are made here, and what its processes are
    told of them."""
    prefix = f"{PREFIX}SOURCES__"
    told = {name: value for name, value in environment.items() if not name.startswith(prefix)}
    sources = {}
    for endpoint in ENDPOINTS:
        own = _settings_of(settings, endpoint)
        sources[endpoint.source] = SourceSettings.model_validate(own)
        told |= {f"{prefix}{endpoint.source.upper()}__{name.upper()}": text for name, text in own.items()}
    return settings.model_copy(update={"sources": sources}), told


def _settings_of(settings: Settings, endpoint: Endpoint) -> dict[str, str]:
    """A source as a person would set it."""
    file = settings.home / ("demo-secrets" if endpoint is POPP else f"demo-secrets-{endpoint.source}")
    _make_secret(file, "whsec_" if endpoint.provider == "standard_webhooks" else "")
    own = {"provider": endpoint.provider, "secrets_file": str(file)}
    if endpoint.organizations:
        own["organizations"] = ",".join(endpoint.organizations)
    return {**own, "scheme": endpoint.scheme} if endpoint.scheme else own


def _make_secret(file: Path, prefix: str) -> None:
    """A secret of this home alone, readable by its owner only; never half-written. Its hex is base64, too."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, f"demo:{prefix}{secrets.token_hex(32)}\n".encode(), mode=0o600)


def _file(settings: Settings) -> Path:
    return settings.home / "demo.json"
