"""Registry of the providers: the modules of this package that define `PROVIDER`."""

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType

import receiver.providers as package
from receiver.providers.base import ProviderRules


@cache
def providers() -> MappingProxyType[str, ProviderRules]:
    """Return provider name to rules, for every provider."""
    names = (info.name for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
    modules = (importlib.import_module(name) for name in names if name != __name__)
    found: list[ProviderRules] = [module.PROVIDER for module in modules if hasattr(module, "PROVIDER")]
    return MappingProxyType({provider.name: provider for provider in found})
