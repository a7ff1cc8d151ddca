"""Removal of secrets from a settings file, for a backup."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from pipelines.errors import UsageError
from receiver.settings import PREFIX

SECRET = re.compile(
    r"secret|password|passphrase|token|jaas|credential|oauthbearer|(^|[._])key([._]pem)?$", re.IGNORECASE
)
"""Names of settings with a secret value; names of files with secrets are excepted in `_is_secret`."""

Names = tuple[str, ...]


def without_secrets(toml: str) -> tuple[str, list[str]]:
    """Return `(toml, variables)`: the settings without secrets, and the environment variables that set those.

    `home` is removed too, because a restore has another home. Raises `UsageError` for invalid TOML.
    """
    try:
        settings = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"hirestream.toml cannot be read: {error}") from None
    settings.pop("home", None)
    left_out = [path for path, _ in _leaves(settings) if _is_secret(path)]
    return tomli_w.dumps(_public(settings)), [_variable(path) for path in left_out]


def _is_secret(path: Names) -> bool:
    name = path[-1].lower()
    return bool(SECRET.search(name)) and not name.endswith(("_file", ".location"))


def _variable(path: Names) -> str:
    return PREFIX + "__".join(part.replace(".", "_") for part in path).upper()


def _leaves(settings: Mapping[str, Any], at: Names = ()) -> Iterator[tuple[Names, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*at, name))
        else:
            yield (*at, name), value


def _public(settings: Mapping[str, Any], at: Names = ()) -> dict[str, Any]:
    return {
        name: _public(value, (*at, name)) if isinstance(value, dict) else value
        for name, value in settings.items()
        if isinstance(value, dict) or not _is_secret((*at, name))
    }
