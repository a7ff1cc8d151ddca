"""The command line: one thin function a command, a module a kind of work.

What is wrong is one line on stderr and an exit code.
"""

from importlib import import_module

from pipelines.cli.app import main, run

__all__ = ["main", "run"]

# as `--help` lists them
_KINDS = (
    "services",
    "send",
    "inspection",
    "explain",
    "reprocess",
    "erase",
    "contracts",
    "secrets",
    "spool",
    "backup",
)
for _kind in _KINDS:
    import_module(f"pipelines.cli.{_kind}")
