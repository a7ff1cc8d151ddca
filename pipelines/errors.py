"""Errors of the package `pipelines`. Each class determines the exit code of a command.

    HirestreamError            exit 1: a check failed
    +-- UsageError             exit 2: the command or a setting is wrong
    +-- Unavailable            exit 3: a dependency is unavailable or locked
        +-- LeaseHeld          another loader runs
        +-- TopicMismatch      the topic does not match the settings or the stored offsets

A message states the problem, the place and the remedy. It never contains personal data or a secret.
"""

from typing import ClassVar


class HirestreamError(Exception):
    """Base class of all errors of `pipelines`; raised itself when a check fails or a person must act."""

    exit_code: ClassVar[int] = 1


class UsageError(HirestreamError):
    """Raised when the command line or a setting is wrong."""

    exit_code = 2


class Unavailable(HirestreamError):
    """Raised when a dependency is unavailable or locked: broker, port, JVM, disk space, lake or lock."""

    exit_code = 3


class LeaseHeld(Unavailable):
    """Raised when another loader holds the loader lease; `holder` is the name of that loader."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"the load is held by {holder}; stop that process, or wait until it ends")
        self.holder = holder


class TopicMismatch(Unavailable):
    """Raised when the topic differs from the settings or the stored offsets so that events could be lost."""
