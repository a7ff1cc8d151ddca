"""The configured senders, each with provider, scheme and live secrets, checked before anything listens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from receiver.providers.provider import Provider
from receiver.providers.registry import providers
from receiver.settings import PREFIX, CoreSettings, SettingsError
from receiver.signatures import SCHEME_FORMS, Scheme, parse_scheme, sign


@dataclass(frozen=True, slots=True)
class Source:
    """One sender that may post to `/webhooks/{name}`."""

    name: str
    provider: Provider
    scheme: Scheme
    secrets: Mapping[str, bytes] = field(repr=False)


def sources(settings: CoreSettings) -> dict[str, Source]:
    """Every configured source by name. Raises `SettingsError` when one cannot verify anything."""
    secrets = settings.source_secrets()
    return {name: _source(settings, name, secrets[name]) for name in settings.sources}


def _source(settings: CoreSettings, name: str, secrets: Mapping[str, bytes]) -> Source:
    setting = f"{PREFIX}SOURCES__{name.upper()}"
    provider = providers()[settings.sources[name].provider]
    scheme = _scheme(f"{setting}__SCHEME", settings.sources[name].scheme, provider)
    for key_id, secret in secrets.items():
        _try(f"{setting}__SECRETS", scheme, key_id, secret)
    return Source(name, provider, scheme, secrets)


def _scheme(setting: str, text: str | None, provider: Provider) -> Scheme:
    if text is None and provider.scheme is not None:
        return provider.scheme
    if text is None:
        raise SettingsError(
            f"{setting} is missing: {provider.name} documents no signature, so say what it sends, "
            f"for example {setting}=token:x-secret-token; forms: {SCHEME_FORMS}"
        )
    try:
        return parse_scheme(text)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _try(setting: str, scheme: Scheme, key_id: str, secret: bytes) -> None:
    """A secret that cannot sign would refuse every delivery, so it stops the start instead."""
    try:
        sign(scheme, secret, b"", message_id="start", now=datetime.fromtimestamp(0, UTC))
    except ValueError:
        raise SettingsError(
            f"{setting}: the secret with key id {key_id} does not fit the scheme; "
            "copy it again as the sender shows it (Standard Webhooks: whsec_ and base64)"
        ) from None
