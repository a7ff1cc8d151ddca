"""Finds, in each folder here, the `PROVIDER` of `provider.py` and the `CONTRACTS` of every module."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType, ModuleType

import pipelines.contracts as package
from pipelines.contracts.base import Contract, ProviderContract, by_event_type, by_name


@cache
def contracts() -> MappingProxyType[tuple[str, str], Contract]:
    """Every contract by provider name and event type, in this order."""
    found = (c for folder in _folders() for m in _modules(folder) for c in getattr(m, "CONTRACTS", ()))
    return MappingProxyType(by_event_type(found))


@cache
def providers() -> MappingProxyType[str, ProviderContract]:
    """Every provider by name."""
    modules = (importlib.import_module(f"{folder.__name__}.provider") for folder in _folders())
    return MappingProxyType(by_name(module.PROVIDER for module in modules))


def _folders() -> Iterator[ModuleType]:
    return (module for module in _modules(package) if hasattr(module, "__path__"))


def _modules(folder: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        if info.name != __name__:
            yield importlib.import_module(info.name)
