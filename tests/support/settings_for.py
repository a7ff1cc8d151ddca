"""Types and values of the `settings_for` fixture."""

from collections.abc import Callable

from pipelines.settings import Settings

SECRET_KID, SECRET = "k1", "test-secret"

SettingsFor = Callable[..., Settings]
