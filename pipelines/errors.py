"""Errors of everything behind the topic. Each class stands for one decision of the command line.

    HirestreamError            exit 1: a check failed
    +-- UsageError             exit 2: the command or a setting is wrong
    +-- Unavailable            exit 3: a dependency is not there, or is held by somebody else
        +-- LeaseHeld          another loader runs; names it
        +-- TopicMismatch      the topic is not what the settings or the offsets say

A message is one or more plain sentences: what, where, what to do. It never holds personal data or a secret.
"""

from typing import ClassVar


class HirestreamError(Exception):
    """A check failed, or something is wrong that a person must look at."""

    exit_code: ClassVar[int] = 1


class UsageError(HirestreamError):
    """The command line or a setting is wrong."""

    exit_code = 2


class Unavailable(HirestreamError):
    """A broker, a port, a JVM, disk space or a lock is unavailable."""

    exit_code = 3


class LeaseHeld(Unavailable):
    """Another loader holds the lease; `holder` names it."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"the load is held by {holder}; stop that process, or wait until it ends")
        self.holder = holder


class TopicMismatch(Unavailable):
    """The topic differs from the settings or from the stored offsets in a way that could lose events."""
