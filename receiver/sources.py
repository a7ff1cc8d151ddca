"""Configured sources with provider, scheme and secrets, checked at start-up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from receiver.providers.base import ProviderRules
from receiver.providers.registry import providers
from receiver.settings import PREFIX, CoreSettings, SettingsError
from receiver.signatures import SCHEME_FORMS, BasicAuth, Scheme, StandardWebhooks, StaticToken, parse_scheme


@dataclass(frozen=True, slots=True)
class VerifiedSource:
    """Configured source that may post to `/webhooks/{name}`, with secrets by key id."""

    name: str
    provider: ProviderRules
    scheme: Scheme
    secrets: Mapping[str, bytes] = field(repr=False)
    hold_unverified: bool = False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Live secret without its value. `scheme` is the text of the scheme in use, empty when none is known."""

    source: str
    provider: str
    scheme: str
    key_id: str


def keys(settings: CoreSettings) -> list[SigningKey]:
    """List the live secrets of all sources. Raises `SettingsError` when secrets cannot be read."""
    return [
        SigningKey(
            name, source.provider, source.scheme or str(providers()[source.provider].scheme or ""), key_id
        )
        for name, source in settings.sources.items()
        for key_id in source.live_secrets()
    ]


def sources(settings: CoreSettings) -> dict[str, VerifiedSource]:
    """Return the sources by name. Raises `SettingsError` when one has no usable scheme or secret."""
    secrets = settings.source_secrets()
    return {name: _source(settings, name, secrets[name]) for name in settings.sources}


def _source(settings: CoreSettings, name: str, secrets: Mapping[str, bytes]) -> VerifiedSource:
    setting = f"{PREFIX}SOURCES__{name.upper()}"
    provider = providers()[settings.sources[name].provider]
    scheme = _scheme(f"{setting}__SCHEME", settings.sources[name].scheme, provider)
    for key_id, secret in secrets.items():
        _check_secret(f"{setting}__SECRETS", scheme, key_id, secret)
    return VerifiedSource(name, provider, scheme, secrets, settings.sources[name].hold_unverified)


def _scheme(setting: str, text: str | None, provider: ProviderRules) -> Scheme:
    if text is None and provider.scheme is not None:
        return provider.scheme
    if text is None:
        raise SettingsError(
            f"{setting} is missing: {provider.name} documents no signature, so say what it sends, "
            f"for example {setting}=token:x-secret-token; forms: {SCHEME_FORMS}; "
            "`hirestream secrets match` finds it from one captured request"
        )
    try:
        return parse_scheme(text)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _check_secret(setting: str, scheme: Scheme, key_id: str, secret: bytes) -> None:
    """Raise `SettingsError` when the secret does not fit the scheme: it would refuse every delivery."""
    try:
        scheme.check(secret)
    except ValueError:
        raise SettingsError(
            f"{setting}: the secret with key id {key_id} does not fit the scheme {scheme}; "
            f"{_secret_format_advice(scheme)}"
        ) from None


def _secret_format_advice(scheme: Scheme) -> str:
    """Return the secret format of a scheme as advice for an error message, which never repeats the secret."""
    if isinstance(scheme, StandardWebhooks):
        return "copy it again as the sender shows it: whsec_, whpk_ or whsk_, and base64"
    if isinstance(scheme, BasicAuth):
        return "write it as user:password"
    if isinstance(scheme, StaticToken):
        return "it must be able to stand in a header: no blank at an end, no control character"
    return "copy it again as the sender shows it; with key=base64 it must be base64"
