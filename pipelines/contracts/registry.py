"""Registry of `PROVIDER` in `provider.py` and `CONTRACTS` in every module of each folder in this package."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType, ModuleType

import pipelines.contracts as package
from pipelines.contracts.base import Contract, ProviderContract, by_event_type, by_name


@cache
def contracts() -> MappingProxyType[tuple[str, str], Contract]:
    """Return every contract by (provider name, event type), sorted by this key."""
    found = (
        c for folder in _provider_folders() for m in _modules_in(folder) for c in getattr(m, "CONTRACTS", ())
    )
    return MappingProxyType(by_event_type(found))


@cache
def providers() -> MappingProxyType[str, ProviderContract]:
    """Return every provider by its name."""
    modules = (importlib.import_module(f"{folder.__name__}.provider") for folder in _provider_folders())
    return MappingProxyType(by_name(module.PROVIDER for module in modules))


def _provider_folders() -> Iterator[ModuleType]:
    return (module for module in _modules_in(package) if hasattr(module, "__path__"))


def _modules_in(folder: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        if info.name != __name__:
            yield importlib.import_module(info.name)
