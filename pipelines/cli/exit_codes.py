"""Exit codes: every expected failure is one line on stderr and a code.

0 fine, 1 a check failed, 2 usage or configuration, 3 a dependency is unavailable or locked; 70, which
sysexits.h has for internal errors, with a traceback after what nobody foresaw; 130 after Ctrl-C.
"""

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from typer.exceptions import Abort, TyperException

from pipelines.errors import HirestreamError
from receiver.settings import SettingsError

MISUSED = 2
UNFORESEEN = 70
INTERRUPTED = 130


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command; what it returns is the exit code, None is 0."""
    try:
        returned = command()
    except HirestreamError as error:
        return _complain(str(error), error.exit_code)
    except SettingsError as error:
        return _complain(str(error), MISUSED)
    except TyperException as error:
        return _misused(error)
    except Abort:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - told as it is
        return _complain(traceback.format_exc().rstrip(), UNFORESEEN)
    return returned if isinstance(returned, int) else 0


def _misused(error: TyperException) -> int:
    message = getattr(error, "format_message", lambda: str(error))()
    if not message or message.startswith("Usage:"):  # no command was given: that is the help
        sys.stderr.write(f"{message}\n")
        return MISUSED
    return _complain(f"{message} See `hirestream --help`.", MISUSED)


def _complain(message: str, exit_code: int) -> int:
    with suppress(OSError):  # stderr may be a file on a full disk; the exit code says it too
        sys.stderr.write(f"hirestream: {message}\n")
    return exit_code
