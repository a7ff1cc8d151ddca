"""The command line: one thin function a command, a module a kind of work.

An error is one line on stderr and an exit code.
"""

from importlib import import_module

from pipelines.cli.app import main, run

__all__ = ["main", "run"]

# as `--help` lists them
_MODULES = (
    "services",
    "send",
    "inspection",
    "explain",
    "reprocess",
    "erase",
    "contracts",
    "secrets",
    "unverified",
    "spool",
    "backup",
)
for _module in _MODULES:
    import_module(f"pipelines.cli.{_module}")
