"""Former names of commands and options, rejected as wrong usage with a message that gives the new name."""

from collections.abc import Sequence

from pipelines.errors import UsageError

RENAMED_COMMANDS = {
    "secrets release": "unverified release",
    "secrets discard": "unverified discard",
    "spool take-out": "spool remove",
    "spool taken-out": "spool dead-letters",
}

RENAMED_OPTIONS = {
    "quarantine --each": "--records",
    "explain --mart": "--basis",
    "secrets match --held": "--unverified",
}


def reject_renamed(arguments: Sequence[str]) -> None:
    """Raise `UsageError` with the new name when the arguments use a former command or option."""
    words = " ".join(word for word in arguments if not word.startswith("-"))
    for old, new in RENAMED_COMMANDS.items():
        if f"{words} ".startswith(f"{old} "):
            raise UsageError(f"`hirestream {old}` is now `hirestream {new}`")
    given = {word.partition("=")[0] for word in arguments}
    for old, new in RENAMED_OPTIONS.items():
        command, _, option = old.rpartition(" ")
        if option in given and f"{words} ".startswith(f"{command} "):
            raise UsageError(f"`hirestream {old}` is now `hirestream {command} {new}`")
