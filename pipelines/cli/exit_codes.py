"""Exit codes of commands; every expected failure is one line on stderr and an exit code.

0 success, 1 a check failed, 2 usage or configuration, 3 a dependency is unavailable or locked,
70 (EX_SOFTWARE of sysexits.h) an unexpected exception, printed with its traceback, 130 after Ctrl-C.
"""

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from typer.exceptions import Abort, TyperException

from pipelines.errors import HirestreamError
from receiver.settings import SettingsError

USAGE_EXIT_CODE = 2
INTERNAL_ERROR_EXIT_CODE = 70
INTERRUPTED_EXIT_CODE = 130


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; a command that returns None has exit code 0.

    Exceptions are printed to stderr and converted to exit codes.
    """
    try:
        returned = command()
    except HirestreamError as error:
        return _print_error(str(error), error.exit_code)
    except SettingsError as error:
        return _print_error(str(error), USAGE_EXIT_CODE)
    except TyperException as error:
        return _report_misuse(error)
    except Abort:
        return INTERRUPTED_EXIT_CODE
    except Exception:  # noqa: BLE001 - printed with its traceback
        return _print_error(traceback.format_exc().rstrip(), INTERNAL_ERROR_EXIT_CODE)
    return returned if isinstance(returned, int) else 0


def _report_misuse(error: TyperException) -> int:
    message = getattr(error, "format_message", lambda: str(error))()
    if not message or message.startswith("Usage:"):  # no command was given: that is the help
        sys.stderr.write(f"{message}\n")
        return USAGE_EXIT_CODE
    return _print_error(f"{message} See `hirestream --help`.", USAGE_EXIT_CODE)


def _print_error(message: str, exit_code: int) -> int:
    with suppress(OSError):  # stderr may be a file on a full disk; the exit code says it too
        sys.stderr.write(f"hirestream: {message}\n")
    return exit_code
