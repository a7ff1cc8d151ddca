"""Command line: one thin function for each command, grouped into modules by topic.

An error is one line on stderr and an exit code.
"""

from importlib import import_module

from pipelines.cli.app import main, run

__all__ = ["main", "run"]

# in the order in which `--help` lists the commands
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
