"""Finds every contract: a module below this package with a `CONTRACT`, a package with a `PROVIDER`."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType, ModuleType

import pipelines.contracts as package
from pipelines.contracts.base import Contract, ProviderContract, by_event_type


@cache
def contracts() -> MappingProxyType[tuple[str, str], Contract]:
    """Every contract by provider name and event type."""
    return MappingProxyType(by_event_type(m.CONTRACT for m in _modules() if hasattr(m, "CONTRACT")))


@cache
def providers() -> MappingProxyType[str, ProviderContract]:
    """Every provider by name."""
    found = (m.PROVIDER for m in _modules() if hasattr(m, "__path__") and hasattr(m, "PROVIDER"))
    return MappingProxyType({provider.name: provider for provider in found})


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if info.name != __name__:
            yield importlib.import_module(info.name)
